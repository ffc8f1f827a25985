import NIOCore
import RembusWire

/// Makes inputs for decoders: noise, damaged samples, and samples with exchanged parts.
struct Mutator: Sendable {
    /// Well-formed inputs to start from.
    let samples: [[UInt8]]
    /// Byte sequences that mean something to the decoder.
    let tokens: [[UInt8]]
    /// The samples as trees, with the way to write them; empty when the grammar is not to be respected.
    let trees: [Value]
    let write: @Sendable (Value) -> [UInt8]

    /// Longer inputs are cut, so that the number of cases per second stays high.
    private static let maxCount = 512

    func input(_ random: inout SplitMix) -> [UInt8] {
        var bytes: [UInt8]
        switch random.below(8) {
        case 0: return noise(&random)
        case 1, 2:
            bytes = write(exchangePart(of: random.pick(trees), depth: 0, &random))
            if random.below(2) == 0 { return bytes }
        default: bytes = random.pick(samples)
        }
        for _ in 0...random.below(3) { damage(&bytes, &random) }
        if bytes.count > Self.maxCount { bytes.removeLast(bytes.count - Self.maxCount) }
        return bytes
    }

    private func noise(_ random: inout SplitMix) -> [UInt8] {
        var bytes: [UInt8] = []
        for _ in 0..<random.below(24) {
            if random.below(3) == 0 { bytes += random.pick(tokens) } else { bytes.append(random.byte()) }
        }
        return bytes
    }

    private func damage(_ bytes: inout [UInt8], _ random: inout SplitMix) {
        let position = random.below(bytes.count)
        let end = min(bytes.count, position + 1 + random.below(8))
        switch random.below(9) {
        case _ where bytes.isEmpty: bytes = noise(&random)
        case 0: bytes[position] ^= 1 << UInt8(random.below(8))
        case 1: bytes[position] = random.byte()
        case 2: bytes.insert(contentsOf: random.pick(tokens), at: position)
        case 3: bytes.replaceSubrange(position..<end, with: random.pick(tokens))
        case 4: bytes.removeSubrange(position..<end)
        case 5: bytes.removeSubrange(position...)
        case 6: bytes.insert(contentsOf: Array(bytes[position..<end]), at: random.below(bytes.count))
        case 7: bytes.replaceSubrange(position..., with: random.pick(samples).suffix(random.below(32)))
        default: bytes.insert(random.byte(), at: position)
        }
    }

    /// Replaces, adds or removes one part of a tree.
    private func exchangePart(of value: Value, depth: Int, _ random: inout SplitMix) -> Value {
        guard random.below(4) > 0 else { return freshValue(&random) }
        switch value {
        case .array(var elements) where !elements.isEmpty:
            let index = random.below(elements.count)
            switch random.below(6) {
            case 0: elements.remove(at: index)
            case 1: elements.insert(freshValue(&random), at: index)
            default: elements[index] = exchangePart(of: elements[index], depth: depth + 1, &random)
            }
            return .array(elements)
        case .map(let map) where !map.isEmpty:
            var pairs = map.pairs
            let index = random.below(pairs.count)
            switch random.below(6) {
            case 0: pairs.remove(at: index)
            case 1: pairs.insert(.init(key: freshValue(&random), value: freshValue(&random)), at: index)
            case 2: pairs[index].key = random.pick(pairs).key
            default: pairs[index].value = exchangePart(of: pairs[index].value, depth: depth + 1, &random)
            }
            return .map(ValueMap(pairs: pairs))
        default: return freshValue(&random)
        }
    }

    private func freshValue(_ random: inout SplitMix) -> Value {
        switch random.below(12) {
        case 0: .null
        case 1: .undefined
        case 2: .bool(random.below(2) == 0)
        case 3: .integer(Int64(truncatingIfNeeded: random.next() >> UInt64(random.below(64))))
        case 4: .unsigned(.max - UInt64(random.below(3)))
        case 5: .bigInteger(BigInteger(isNegative: true, magnitude: (0..<random.below(20)).map { _ in random.byte() }))
        case 6: .float(Double(bitPattern: random.next()))
        case 7: .text(random.pick(["", "type", "__type__", "tick", "wss://h:1/a/", "infinity", "ü\u{0}\""]))
        case 8: .bytes(ByteBuffer(bytes: (0..<random.below(34)).map { _ in random.byte() }))
        case 9: .tagged(UInt64(random.below(100)), freshValue(&random))
        case 10: .array([freshValue(&random), freshValue(&random)])
        default: random.pick(trees)
        }
    }
}

extension Mutator {
    /// Inputs for the CBOR decoders.
    static let cbor: Mutator = {
        let messages = CBORVector.all.map { Array($0.bytes.readableBytesView) }
        let items = (ValueCBORTests.canonical + ValueCBORTests.lenient).map {
            Array(ByteBuffer(hex: $0.1).readableBytesView)
        }
        let tokens: [[UInt8]] = [
            [0x00], [0x17], [0x18], [0x18, 0x31], [0x19, 0xFF, 0xFF], [0x1B], [0x1F], [0x20], [0x40], [0x48], [0x5F],
            [0x60], [0x7F], [0x80], [0x81], [0x84], [0x9F], [0xA0], [0xA1], [0xBF], [0xC2, 0x41], [0xC3, 0x41],
            [0xD8, 0x40], [0xD8, 0x50], [0xF6], [0xF7], [0xF8], [0xF9, 0x7E, 0x00], [0xFB], [0xFF],
            [0x9B, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF],
            [0x5B, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF],
            Array(repeating: 0x81, count: 70), Array(repeating: 0xC1, count: 63),
        ]
        return Mutator(samples: messages + items, tokens: tokens, trees: trees(messages + items)) {
            Array($0.cbor.readableBytesView)
        }
    }()

    private static func trees(_ samples: [[UInt8]]) -> [Value] {
        samples.compactMap { try? Value(cbor: ByteBuffer(bytes: $0)) }
    }

    /// Inputs for the JSON decoders.
    static let json: Mutator = {
        let texts =
            JSONVector.all.map(\.text) + (ValueJSONTests.canonical + ValueJSONTests.lenient).map(\.1)
        let tokens = [
            "{", "}", "[", "]", ",", ":", "\"", "\\", "\\u", "\\ud834", "\\udd1e", "null", "true", "0", "-", "1e5",
            "E+",
            ".", "18446744073709551616", "1e999", " ", "\"type\":", "\"__type__\":", "\"id\":", "\"params\":",
            "\"data\":", "\"result\":", "\"error\":", "\"method\":\"m\"", "\u{1}", "é",
            String(repeating: "[", count: 70),
            String(repeating: "{\"a\":", count: 64),
        ]
        return Mutator(
            samples: texts.map { Array($0.utf8) }, tokens: tokens.map { Array($0.utf8) },
            trees: texts.compactMap { try? Value(jsonText: $0) }
        ) { Array($0.jsonText.utf8) }
    }()
}
