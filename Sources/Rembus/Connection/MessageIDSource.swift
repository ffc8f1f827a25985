import Synchronization

/// Fresh message ids for one component (protocol.md §4).
///
/// Plain ids count up from a random start below 2⁵³, so that JSON peers can carry them, two components hardly share one,
/// and two messages in flight never do. Ids with a slot have their top bit set and so never equal a plain one.
final class MessageIDSource: Sendable {
    private let plain = Atomic<UInt64>(UInt64.random(in: 1..<limit / 2))
    private let slotted = Atomic<UInt32>(UInt32.random(in: .min ... .max))

    private static let limit: UInt64 = 1 << 53

    /// An id as its little-endian integer.
    func next() -> UInt64 {
        let count = plain.wrappingAdd(1, ordering: .relaxed).newValue % Self.limit
        return count == 0 ? next() : count
    }

    /// An id whose low half is a slot.
    func next(slot: UInt32) -> UInt64 {
        let high = slotted.wrappingAdd(1, ordering: .relaxed).newValue | 0x8000_0000
        return UInt64(high) << 32 | UInt64(slot)
    }
}
