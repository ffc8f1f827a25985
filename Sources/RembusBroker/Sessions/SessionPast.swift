/// The earlier publications that one connection is still to get.
struct SessionPast {
    /// Whether it has got what earlier connections of its name have left unacknowledged.
    var hasResumed = false
    /// How far back the last `reactive` allows replay, in nanoseconds (behaviour.md §11).
    var window = Double.infinity
    /// The reader of the store, while there is something to read.
    var catchUp: CatchUp?
    /// Subscriptions that get the last values of their topics before anything else, in this order.
    var lastValues: [Session.OpenLastValues] = []

    /// Drops everything that was still to come.
    mutating func end() { (catchUp, lastValues) = (nil, []) }
}
