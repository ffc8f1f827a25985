import Synchronization

/// Makes message ids for one component (protocol.md §4).
///
/// Plain ids count up from a random start below 2⁵³, so that JSON peers can carry them, ids of two components are
/// unlikely to be equal, and those of two messages in flight never are. Ids with a slot have their top bit set, so they
/// never equal a plain one.
final class MessageIDSource: Sendable {
    private let plain = Atomic<UInt64>(UInt64.random(in: 1..<limit / 2))
    private let slotted = Atomic<UInt32>(UInt32.random(in: .min ... .max))

    private static let limit: UInt64 = 1 << 53

    /// Returns an id as a little-endian integer.
    func next() -> UInt64 {
        let count = plain.wrappingAdd(1, ordering: .relaxed).newValue % Self.limit
        return count == 0 ? next() : count
    }

    /// Returns an id whose low half is the slot.
    func next(slot: UInt32) -> UInt64 {
        let high = slotted.wrappingAdd(1, ordering: .relaxed).newValue | 0x8000_0000
        return UInt64(high) << 32 | UInt64(slot)
    }
}
