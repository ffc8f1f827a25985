import Foundation
import NIOCore
import Testing

@testable import RembusWire

/// Gives many wrong inputs to every decoder.
///
/// The runs are reproducible: a failure tells the seed, which `REMBUS_FUZZ_SEED` repeats. `REMBUS_FUZZ_CASES` sets the
/// total number of cases, of which every decoder gets its share.
@Suite("Fuzzing")
struct FuzzTests {
    private static let environment = ProcessInfo.processInfo.environment
    private static let seed = environment["REMBUS_FUZZ_SEED"].flatMap { UInt64($0) } ?? 8338
    private static let cases = environment["REMBUS_FUZZ_CASES"].flatMap { Int($0) } ?? 1_000_000

    /// A re-encoded message can be nested a little deeper than what was received.
    private static let relaxed = DecodingLimits(maxDepth: 80)

    private struct Failure: Error { var reason: String }

    /// Runs a share of the cases, given in percent.
    private func run(_ name: String, percent: Int, _ mutator: Mutator, _ check: (ByteBuffer) throws -> Void) {
        let start = ContinuousClock.now
        let count = Self.cases * percent / 100
        for number in 0..<count {
            var random = SplitMix(seed: Self.seed &+ UInt64(number) &* 0x2545_F491_4F6C_DD1D)
            let input = ByteBuffer(bytes: mutator.input(&random))
            do {
                try check(input)
            } catch {
                Issue.record("\(name): \(error); seed \(Self.seed), case \(number), input \(input.hex)")
                return
            }
        }
        print("fuzz \(name): \(count) cases in \(ContinuousClock.now - start)")
    }

    private func expectEqual<T: Equatable>(_ left: T, _ right: T, _ reason: String) throws {
        if left != right { throw Failure(reason: "\(reason): \(left) and \(right)") }
    }

    @Test("CBOR values") func cborValues() {
        run("cbor value", percent: 30, .cbor) { input in
            guard let value = try? Value(cbor: input, allowTrailing: true) else { return }
            let encoded = value.cbor
            let again = try Value(cbor: encoded)
            try expectEqual(again.cbor.hex, encoded.hex, "not a fixed point")
        }
    }

    @Test("CBOR reader and scanner agree") func scanner() {
        run("cbor scanner", percent: 20, .cbor) { input in
            var rest = input
            let read = try? Value.decode(cbor: &rest)
            let skipped: Int? = input.withUnsafeReadableBytes { bytes in
                var scanner = CBORScanner(bytes)
                return scanner.skipItem(depth: DecodingLimits.standard.maxDepth) ? scanner.offset : nil
            }
            try expectEqual(read.map { _ in input.readableBytes - rest.readableBytes }, skipped, "different ends")
        }
    }

    @Test("CBOR messages") func cborMessages() {
        run("cbor message", percent: 20, .cbor) { input in
            guard let message = try? Message(cbor: input) else { return }
            let encoded = message.cbor
            let again = try Message(cbor: encoded, limits: Self.relaxed)
            try expectEqual(again.cbor.hex, encoded.hex, "not a fixed point")
            try expectEqual(again.id, message.id, "another id")
            if case .admin(let admin) = message { _ = try? AdminCommand(admin.data) }
        }
    }

    @Test("JSON values") func jsonValues() {
        run("json value", percent: 10, .json) { input in
            guard let value = try? Value(json: input) else { return }
            let encoded = value.jsonText
            try expectEqual(try Value(jsonText: encoded).jsonText, encoded, "not a fixed point")
        }
    }

    @Test("JSON messages") func jsonMessages() {
        run("json message", percent: 5, .json) { input in
            var dialect = JSONDialect()
            guard let message = try? Message(json: input, dialect: &dialect) else { return }
            var encoded = ByteBuffer()
            message.encodeJSON(into: &encoded, dialect: dialect)
            let again = try Message(json: encoded, limits: Self.relaxed, dialect: &dialect)
            var encodedAgain = ByteBuffer()
            again.encodeJSON(into: &encodedAgain, dialect: dialect)
            try expectEqual(String(buffer: encodedAgain), String(buffer: encoded), "not a fixed point")
        }
    }

    @Test("Binary messages become text messages that can be read") func crossed() {
        run("cbor to json", percent: 5, .cbor) { input in
            guard let message = try? Message(cbor: input) else { return }
            var encoded = ByteBuffer()
            message.encodeJSON(into: &encoded, dialect: .julia)
            _ = try Value(json: encoded, limits: Self.relaxed)
        }
    }

    @Test("Codable") func codable() {
        let mutator = Mutator.readings
        run("codable", percent: 10, mutator) { input in
            guard let reading = try? CBORDecoder().decode(Reading.self, from: input) else { return }
            let encoded = try CBOREncoder().encode(reading)
            let again = try CBORDecoder().decode(Reading.self, from: encoded)
            try expectEqual(try CBOREncoder().encode(again).hex, encoded.hex, "not a fixed point")
        }
    }
}

/// A structure as an application has it.
struct Reading: Codable {
    struct Limits: Codable {
        var low: Double
        var high: Float?
    }

    var name: String
    var level: Double
    var count: Int16
    var raw: Data?
    var time: Date
    var tags: [String]
    var limits: Limits
    var extra: Value?
}

extension Mutator {
    /// Inputs for a decoder of ``Reading``.
    static let readings: Mutator = {
        let tree: Value = [
            "name": "p", "level": 1, "count": 2.0, "raw": .bytes(hex: "00"), "time": .tagged(1, 5), "tags": ["a", "b"],
            "limits": ["low": -1, "high": 2.5], "extra": [[1: 2]],
        ]
        return Mutator(samples: [Array(tree.cbor.readableBytesView)], tokens: Mutator.cbor.tokens, trees: [tree]) {
            Array($0.cbor.readableBytesView)
        }
    }()
}
