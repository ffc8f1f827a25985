#ifndef CREMBUSCHECKSUM_H
#define CREMBUSCHECKSUM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// CRC-32C (Castagnoli, RFC 3720 appendix B.4) of `length` bytes, going on from the checksum of what lies before them;
/// 0 to begin. Uses the processor's instruction where there is one.
uint32_t rembus_crc32c(uint32_t crc, const void *data, size_t length);

/// The same for two 64-bit words in little-endian order: the fixed part in front of a record.
uint32_t rembus_crc32c_words(uint32_t crc, uint64_t first, uint64_t second);

/// The same as `rembus_crc32c` with tables only, for processors without the instruction and for tests.
uint32_t rembus_crc32c_portable(uint32_t crc, const void *data, size_t length);

/// True when the processor's instruction is used.
bool rembus_crc32c_is_hardware(void);

#endif
