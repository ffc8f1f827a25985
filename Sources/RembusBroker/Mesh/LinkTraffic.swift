import Synchronization

/// What has crossed one link. On its event loop only.
struct LinkTraffic {
    /// Publications that have come.
    var received: UInt64 = 0
    /// Those of them that were not taken.
    var dropped: UInt64 = 0
    var sent: UInt64 = 0
}

/// What has crossed all links, for metrics.
final class MeshTotals: Sendable {
    let received = Atomic<UInt64>(0)
    let dropped = Atomic<UInt64>(0)
    let sent = Atomic<UInt64>(0)
}
