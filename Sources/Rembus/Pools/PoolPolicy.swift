/// How a ``ComponentPool`` chooses the connected member that sends.
public enum PoolPolicy: String, Sendable, Hashable, CaseIterable {
    /// The first in the order of the URLs.
    case firstUp = "first_up"
    /// Each request goes to the next connection in turn.
    case roundRobin = "round_robin"
    /// The one with the fewest calls and acknowledged publications under way; the earlier one when equal.
    case lessBusy = "less_busy"
}
