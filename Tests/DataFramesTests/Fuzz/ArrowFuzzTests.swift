import Foundation
import NIOCore
import Testing

@testable import DataFrames

/// Gives many damaged streams to the reader.
///
/// The runs are reproducible: a failure tells the seed, which `REMBUS_FUZZ_SEED` repeats. Of the `REMBUS_FUZZ_CASES`
/// that all fuzz tests share, a tenth is run here, as streams are larger than messages.
@Suite("Fuzzing")
struct ArrowFuzzTests {
    private static let environment = ProcessInfo.processInfo.environment
    private static let seed = environment["REMBUS_FUZZ_SEED"].flatMap { UInt64($0) } ?? 8338
    private static let cases = (environment["REMBUS_FUZZ_CASES"].flatMap { Int($0) } ?? 1_000_000) / 10

    /// Small, so that what is read can be looked at value by value.
    private static let limits: ArrowLimits = {
        var limits = ArrowLimits()
        limits.maxLength = 64
        limits.maxFields = 64
        limits.maxAllocation = 1 << 20
        return limits
    }()

    /// One stream for each type, and one with dictionaries that are replaced.
    private static func samples() throws -> [[UInt8]] {
        var frames = try Samples.all.map { try DataFrame(columns: [Samples.column($0), Samples.column($0, times: 1)]) }
        frames += try Samples.nested.map { sample in
            let column = try Samples.column(sample, times: 2)
            let parts = [try column.combined(), try Samples.column(sample).combined()]
            return try DataFrame(columns: [Column(column.field, arrays: parts)])
        }
        return frames.map { StreamWriter($0, alignment: 8).bytes }
    }

    @Test("Arrow streams") func streams() throws {
        let start = ContinuousClock.now
        let mutator = StreamMutator(samples: try Self.samples())
        var accepted = 0
        for number in 0..<Self.cases {
            var random = SplitMix(seed: Self.seed &+ UInt64(number) &* 0x2545_F491_4F6C_DD1D)
            let input = mutator.input(&random)
            // Every other one lies where its values are not aligned.
            var buffer = ByteBuffer(repeating: 0, count: number & 1)
            buffer.writeBytes(input)
            buffer.moveReaderIndex(forwardBy: number & 1)
            guard let frame = try? DataFrame(arrow: buffer, limits: Self.limits) else { continue }
            accepted += 1
            frame.touch()
            guard let again = try? DataFrame(arrow: frame.arrowBuffer()), again == frame else {
                Issue.record("what was read is not what is written; seed \(Self.seed), case \(number)")
                return
            }
        }
        print("fuzz arrow stream: \(Self.cases) cases, \(accepted) accepted, in \(ContinuousClock.now - start)")
        #expect(accepted > Self.cases / 20, "too few inputs reach the values")
    }
}

extension StreamWriter {
    /// The stream as an array.
    var bytes: [UInt8] {
        Array(unsafeUninitializedCapacity: byteCount) { target, count in
            target.baseAddress.map { write(to: UnsafeMutableRawPointer($0)) }
            count = byteCount
        }
    }
}

/// Damages streams: mostly single numbers, as they are the claims that a reader must not believe.
struct StreamMutator {
    let samples: [[UInt8]]

    private static let numbers: [UInt64] = [
        0, 1, 2, 3, 4, 7, 8, 9, 12, 13, 16, 63, 64, 65, 127, 128, 255, 256, 0x7FFF, 0x8000, 0xFFFF, 0x7FFF_FFFF,
        0x8000_0000, 0xFFFF_FFFF, 1 << 32, 1 << 40, UInt64(Int64.max), 1 << 63, .max, .max - 7,
    ]

    func input(_ random: inout SplitMix) -> [UInt8] {
        var bytes = random.pick(samples)
        for _ in 0...random.below(3) { damage(&bytes, &random) }
        return bytes
    }

    private func damage(_ bytes: inout [UInt8], _ random: inout SplitMix) {
        guard bytes.count > 8 else { return }
        let position = random.below(bytes.count)
        switch random.below(16) {
        case 0: bytes.removeSubrange(position...)
        case 1: bytes.removeSubrange(position..<min(bytes.count, position + 8))
        case 2: bytes.insert(contentsOf: random.pick(samples).suffix(random.below(200)), at: position)
        case 3: bytes.replaceSubrange(position..., with: random.pick(samples).dropFirst(position))
        case 4, 5: bytes[position] ^= 1 << UInt8(random.below(8))
        case 6, 7: bytes[position] = random.byte()
        default:
            // A number of 1, 2, 4 or 8 bytes where numbers of that size lie.
            let size = 1 << random.below(4)
            let start = position & ~(size - 1)
            guard start + size <= bytes.count else { return }
            let number = random.below(4) == 0 ? UInt64(random.below(512)) : random.pick(Self.numbers)
            for index in 0..<size { bytes[start + index] = UInt8(truncatingIfNeeded: number >> UInt64(index * 8)) }
        }
    }
}
