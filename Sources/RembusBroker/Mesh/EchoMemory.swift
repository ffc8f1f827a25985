import NIOCore
import RembusWire

/// What was lately passed on to a broker of another implementation that sends it back (docs/spec/known-defects.md): once for
/// each publication under a topic that a pattern of ours matches.
///
/// Such an echo has no id, and its arguments were decoded and encoded again, so publications are compared by topic and values.
struct EchoMemory {
    private struct Count {
        /// Passed on within the lifetime.
        var noted = 0
        /// Those of them that have not come back.
        var due = 0
    }

    private var counts: [Int: Count] = [:]
    private var order = CircularBuffer<(key: Int, expires: NIODeadline)>()

    static let lifetime = TimeAmount.seconds(5)
    static let maxCount = 16_384

    /// A publication is passed on.
    mutating func note(_ key: Int, now: NIODeadline) {
        expire(now)
        if order.count >= Self.maxCount, let oldest = order.popFirst() { release(oldest.key) }
        counts[key, default: Count()].noted += 1
        counts[key]?.due += 1
        order.append((key, now + Self.lifetime))
    }

    /// Whether a publication that comes is one that was passed on; each counts once.
    mutating func take(_ key: Int, now: NIODeadline) -> Bool {
        expire(now)
        guard let count = counts[key], count.due > 0 else { return false }
        counts[key]?.due -= 1
        return true
    }

    private mutating func expire(_ now: NIODeadline) {
        while let first = order.first, first.expires <= now {
            order.removeFirst()
            release(first.key)
        }
    }

    /// An entry of `order` is over, whether or not its echo has come.
    private mutating func release(_ key: Int) {
        guard var count = counts[key] else { return }
        count.noted -= 1
        count.due = min(count.due, count.noted)
        counts[key] = count.noted > 0 ? count : nil
    }

    /// What publications are compared by.
    static func key(topic: String, _ arguments: ArraySlice<Value>) -> Int {
        var hasher = Hasher()
        hasher.combine(ExactText(topic))
        hasher.combine(arguments.count)
        for argument in arguments { combine(argument, into: &hasher) }
        return hasher.finalize()
    }

    /// Numbers count by their value, and what has many encodings, such as a dataframe, only by its kind.
    private static func combine(_ value: Value, into hasher: inout Hasher) {
        switch value {
        case .null, .undefined: hasher.combine(0)
        case .bool(let flag): hasher.combine(flag)
        case .integer, .unsigned, .negative, .float, .bigInteger: hasher.combine(value.doubleValue ?? 0)
        case .text(let text): hasher.combine(ExactText(text))
        case .bytes(let bytes): hasher.combine(bytes.readableBytes)
        case .array(let elements):
            hasher.combine(elements.count)
            for element in elements { combine(element, into: &hasher) }
        case .map(let map): hasher.combine(map.count)
        case .tagged(let tag, _): hasher.combine(tag)
        case .simple(let number): hasher.combine(number)
        }
    }
}
