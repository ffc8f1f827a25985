/// How a ``ComponentPool`` chooses the connected member that sends.
public enum PoolPolicy: String, Sendable, Hashable, CaseIterable {
    /// The first in the order of the URLs.
    case firstUp = "first_up"
    /// Each member in turn.
    case roundRobin = "round_robin"
    /// The one with the fewest open calls and acknowledged publications; among equals the first in the order of the
    /// URLs.
    case lessBusy = "less_busy"
}
