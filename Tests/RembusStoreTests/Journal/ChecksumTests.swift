import CRembusChecksum
import Testing

@testable import RembusStore

enum RembusChecksumForTests {
    static func crc32c(_ bytes: UnsafeRawBufferPointer, count: Int) -> UInt32 {
        rembus_crc32c(0, bytes.baseAddress, count)
    }
}

@Suite struct ChecksumTests {
    @Test func knownValues() {
        let cases: [([UInt8], UInt32)] = [
            (Array("123456789".utf8), 0xE306_9283),
            // RFC 3720, appendix B.4.
            ([UInt8](repeating: 0, count: 32), 0x8A91_36AA),
            ([UInt8](repeating: 0xFF, count: 32), 0x62A8_AB43),
            (Array(0..<32), 0x46DD_794E),
            (Array((0..<32).reversed()), 0x113F_DB5C),
            ([], 0),
        ]
        for (bytes, expected) in cases {
            #expect(rembus_crc32c(0, bytes, bytes.count) == expected)
            #expect(rembus_crc32c_portable(0, bytes, bytes.count) == expected)
        }
    }

    @Test func instructionAndTablesAgreeAtEveryLengthAndPlace() {
        let bytes = (0..<20_000).map { UInt8(truncatingIfNeeded: $0 &* $0 &+ $0 >> 3) }
        bytes.withUnsafeBytes { bytes in
            for length in Array(0..<1200) + [3071, 3072, 3073, 6144, 9999, 19_000] {
                let start = length % 9
                let base = bytes.baseAddress.map { $0 + start }
                let whole = rembus_crc32c(0, base, length)
                #expect(whole == rembus_crc32c_portable(0, base, length))
                let half = length / 3
                let first = rembus_crc32c(0, base, half)
                #expect(rembus_crc32c(first, base.map { $0 + half }, length - half) == whole)
            }
            var words: (UInt64, UInt64) = (0, 0)
            withUnsafeMutableBytes(of: &words) { $0.copyBytes(from: bytes[100..<116]) }
            #expect(
                rembus_crc32c_words(5, UInt64(littleEndian: words.0), UInt64(littleEndian: words.1))
                    == rembus_crc32c_portable(5, bytes.baseAddress.map { $0 + 100 }, 16))
        }
    }
}
