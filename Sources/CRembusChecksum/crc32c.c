#include "CRembusChecksum.h"

#include <string.h>

#if defined(__x86_64__)
#include <nmmintrin.h>
#define CRC_HARDWARE 1
#define CRC_FUNCTION __attribute__((target("sse4.2")))
#define CRC_BYTE(crc, value) _mm_crc32_u8((uint32_t)(crc), (value))
#define CRC_WORD(crc, value) _mm_crc32_u64((crc), (value))
#elif defined(__aarch64__) && defined(__AARCH64EL__)
#include <arm_acle.h>
#if defined(__linux__)
#include <sys/auxv.h>
#ifndef HWCAP_CRC32
#define HWCAP_CRC32 (1 << 7)
#endif
#endif
#define CRC_HARDWARE 1
#define CRC_FUNCTION __attribute__((target("crc")))
#define CRC_BYTE(crc, value) __crc32cb((uint32_t)(crc), (value))
#define CRC_WORD(crc, value) __crc32cd((uint32_t)(crc), (value))
#else
#define CRC_HARDWARE 0
#endif

// The reflected polynomial 0x1EDC6F41.
static const uint32_t polynomial = 0x82F63B78;

// `slices[k][b]`: the checksum of byte b followed by k zero bytes.
static uint32_t slices[8][256];

// A buffer long enough is cut into three lanes, because the instruction takes three cycles but can start every cycle.
// The lanes' checksums are joined with tables that append one lane's length of zeros.
enum { lane_bytes = 1024, short_lane_bytes = 128 };
static uint32_t lane_zeros[4][256];
static uint32_t short_lane_zeros[4][256];
static bool has_instruction;

static uint32_t apply(const uint32_t matrix[32], uint32_t vector) {
    uint32_t sum = 0;
    for (int bit = 0; vector != 0; bit++, vector >>= 1) {
        if (vector & 1) sum ^= matrix[bit];
    }
    return sum;
}

// Fills `tables` with the operator that appends `length` zero bytes; `length` is a power of two.
static void fill_zeros(uint32_t tables[4][256], size_t length) {
    uint32_t matrix[32];
    // One zero bit.
    matrix[0] = polynomial;
    for (int bit = 1; bit < 32; bit++) matrix[bit] = (uint32_t)1 << (bit - 1);
    for (size_t bits = 1; bits < length * 8; bits *= 2) {
        uint32_t square[32];
        for (int bit = 0; bit < 32; bit++) square[bit] = apply(matrix, matrix[bit]);
        memcpy(matrix, square, sizeof matrix);
    }
    for (uint32_t byte = 0; byte < 256; byte++) {
        for (int position = 0; position < 4; position++) tables[position][byte] = apply(matrix, byte << (8 * position));
    }
}

__attribute__((constructor)) static void prepare(void) {
    for (uint32_t byte = 0; byte < 256; byte++) {
        uint32_t crc = byte;
        for (int bit = 0; bit < 8; bit++) crc = (crc & 1) ? (crc >> 1) ^ polynomial : crc >> 1;
        slices[0][byte] = crc;
    }
    for (int slice = 1; slice < 8; slice++) {
        for (int byte = 0; byte < 256; byte++) {
            uint32_t crc = slices[slice - 1][byte];
            slices[slice][byte] = slices[0][crc & 0xFF] ^ (crc >> 8);
        }
    }
    fill_zeros(lane_zeros, lane_bytes);
    fill_zeros(short_lane_zeros, short_lane_bytes);
#if defined(__x86_64__)
    __builtin_cpu_init();
    has_instruction = __builtin_cpu_supports("sse4.2");
#elif CRC_HARDWARE && defined(__linux__)
    has_instruction = (getauxval(AT_HWCAP) & HWCAP_CRC32) != 0;
#elif CRC_HARDWARE && defined(__APPLE__)
    // Every 64-bit Apple processor that runs macOS has it.
    has_instruction = true;
#endif
}

static uint32_t portable(uint32_t crc, const uint8_t *bytes, size_t length) {
    while (length >= 8) {
        uint32_t low = crc
            ^ ((uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24);
        crc = slices[7][low & 0xFF] ^ slices[6][(low >> 8) & 0xFF] ^ slices[5][(low >> 16) & 0xFF] ^ slices[4][low >> 24]
            ^ slices[3][bytes[4]] ^ slices[2][bytes[5]] ^ slices[1][bytes[6]] ^ slices[0][bytes[7]];
        bytes += 8;
        length -= 8;
    }
    while (length-- > 0) crc = slices[0][(crc ^ *bytes++) & 0xFF] ^ (crc >> 8);
    return crc;
}

#if CRC_HARDWARE
static inline uint64_t load(const uint8_t *bytes) {
    uint64_t word;
    memcpy(&word, bytes, sizeof word);
    return word;
}

static inline uint32_t append_zeros(uint32_t tables[4][256], uint32_t crc) {
    return tables[0][crc & 0xFF] ^ tables[1][(crc >> 8) & 0xFF] ^ tables[2][(crc >> 16) & 0xFF] ^ tables[3][crc >> 24];
}

CRC_FUNCTION static inline uint32_t three_lanes(
    uint32_t crc, const uint8_t *bytes, size_t lane, uint32_t tables[4][256]
) {
    uint64_t first = crc, second = 0, third = 0;
    for (size_t offset = 0; offset < lane; offset += 8) {
        first = CRC_WORD(first, load(bytes + offset));
        second = CRC_WORD(second, load(bytes + lane + offset));
        third = CRC_WORD(third, load(bytes + 2 * lane + offset));
    }
    crc = append_zeros(tables, (uint32_t)first) ^ (uint32_t)second;
    return append_zeros(tables, crc) ^ (uint32_t)third;
}

CRC_FUNCTION static uint32_t hardware(uint32_t crc, const uint8_t *bytes, size_t length) {
    while (length >= 3 * lane_bytes) {
        crc = three_lanes(crc, bytes, lane_bytes, lane_zeros);
        bytes += 3 * lane_bytes;
        length -= 3 * lane_bytes;
    }
    while (length >= 3 * short_lane_bytes) {
        crc = three_lanes(crc, bytes, short_lane_bytes, short_lane_zeros);
        bytes += 3 * short_lane_bytes;
        length -= 3 * short_lane_bytes;
    }
    uint64_t sum = crc;
    while (length >= 8) {
        sum = CRC_WORD(sum, load(bytes));
        bytes += 8;
        length -= 8;
    }
    crc = (uint32_t)sum;
    while (length-- > 0) crc = CRC_BYTE(crc, *bytes++);
    return crc;
}

CRC_FUNCTION static uint32_t hardware_words(uint32_t crc, uint64_t first, uint64_t second) {
    return (uint32_t)CRC_WORD(CRC_WORD((uint64_t)crc, first), second);
}
#endif

uint32_t rembus_crc32c_portable(uint32_t crc, const void *data, size_t length) {
    return ~portable(~crc, data, length);
}

uint32_t rembus_crc32c(uint32_t crc, const void *data, size_t length) {
#if CRC_HARDWARE
    if (has_instruction) return ~hardware(~crc, data, length);
#endif
    return ~portable(~crc, data, length);
}

uint32_t rembus_crc32c_words(uint32_t crc, uint64_t first, uint64_t second) {
#if CRC_HARDWARE
    if (has_instruction) return ~hardware_words(~crc, first, second);
#endif
    uint8_t bytes[16];
    for (int index = 0; index < 8; index++) {
        bytes[index] = (uint8_t)(first >> (8 * index));
        bytes[index + 8] = (uint8_t)(second >> (8 * index));
    }
    return ~portable(~crc, bytes, sizeof bytes);
}

bool rembus_crc32c_is_hardware(void) {
    return has_instruction;
}
