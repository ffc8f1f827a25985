import Foundation
import NIOCore
import Testing

@testable import RembusMQTT

/// Gives many wrong bytes to the reader of packets. `REMBUS_FUZZ_SEED` and `REMBUS_FUZZ_CASES` as for the other decoders.
@Suite("Fuzzing MQTT")
struct FuzzTests {
    private static let environment = ProcessInfo.processInfo.environment
    private static let seed = environment["REMBUS_FUZZ_SEED"].flatMap { UInt64($0) } ?? 1883
    private static let cases = (environment["REMBUS_FUZZ_CASES"].flatMap { Int($0) } ?? 1_000_000) / 20

    private static let samples: [(MQTTVersion, [UInt8])] =
        Samples.version5.map { (.v5, Array($0.encoded(.v5).readableBytesView)) }
        + Samples.version311.map { (.v311, Array($0.encoded(.v311).readableBytesView)) }

    @Test("What is read can be written and read again") func packets() {
        for number in 0..<Self.cases {
            var random = Random(seed: Self.seed &+ UInt64(number) &* 0x2545_F491_4F6C_DD1D)
            let (version, bytes) = input(&random)
            var reader = MQTTPacketReader(maxPacketBytes: 600, version: version)
            do {
                try read(bytes, &reader, &random)
            } catch {
                Issue.record("\(error); seed \(Self.seed), case \(number), input \(bytes)")
                return
            }
        }
    }

    private struct Failure: Error { var text: String }

    private func read(_ bytes: [UInt8], _ reader: inout MQTTPacketReader, _ random: inout Random) throws {
        let split = random.below(bytes.count + 1)
        for part in [bytes[..<split], bytes[split...]] {
            var buffer = ByteBuffer(bytes: part)
            reader.feed(&buffer)
            guard buffer.readableBytes == 0 else { throw Failure(text: "bytes were left") }
            do throws(MQTTProtocolError) {
                while let packet = try reader.next() {
                    let version = reader.version
                    let encoded = packet.encoded(version)
                    var again = MQTTPacketReader(maxPacketBytes: 1200, version: version)
                    var copy = encoded
                    again.feed(&copy)
                    let reread: MQTTPacket?
                    do throws(MQTTProtocolError) { reread = try again.next() } catch { reread = nil }
                    guard reread == packet else { throw MQTTProtocolError(.success, "not the same: \(packet)") }
                }
            } catch {
                if error.reason == .success { throw error }
                return
            }
            guard reader.pendingBytes <= bytes.count else { throw Failure(text: "more bytes than given") }
        }
    }

    private func input(_ random: inout Random) -> (MQTTVersion, [UInt8]) {
        var (version, bytes) = Self.samples[random.below(Self.samples.count)]
        if random.below(10) == 0 {
            bytes = (0..<random.below(24)).map { _ in random.byte() }
            version = random.below(2) == 0 ? .v5 : .v311
        }
        for _ in 0..<random.below(4) where !bytes.isEmpty {
            let position = random.below(bytes.count)
            switch random.below(6) {
            case 0: bytes[position] ^= 1 << UInt8(random.below(8))
            case 1: bytes[position] = random.byte()
            case 2: bytes.insert(random.byte(), at: position)
            case 3: bytes.remove(at: position)
            case 4: bytes += Self.samples[random.below(Self.samples.count)].1
            default:
                // The right length for a damaged packet, so that the damage is what is met.
                guard bytes.count > 2, bytes.count < 130 else { continue }
                bytes[1] = UInt8(bytes.count - 2)
            }
        }
        return (version, Array(bytes.prefix(600)))
    }

    /// As in the fuzz tests of RembusWire.
    private struct Random {
        private var state: UInt64

        init(seed: UInt64) { state = seed }

        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var mixed = state
            mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
            mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
            return mixed ^ mixed >> 31
        }

        mutating func below(_ bound: Int) -> Int { bound <= 1 ? 0 : Int(truncatingIfNeeded: next() % UInt64(bound)) }
        mutating func byte() -> UInt8 { UInt8(truncatingIfNeeded: next() >> 32) }
    }
}
