/// What one connection is still to get of what was published before, and how far back it goes.
struct SessionPast {
    /// Whether it has got what earlier connections of its name left unacknowledged.
    var hasResumed = false
    /// How far back the last `reactive` allows replay, nanoseconds (behaviour.md §11).
    var window = Double.infinity
    /// The reader of the store, while there is something to read.
    var catchUp: CatchUp?
    /// Subscriptions that are to get the last values of their topics before anything else, in this order.
    var lastValues: [Session.OpenLastValues] = []

    /// Nothing more is wanted.
    mutating func end() { (catchUp, lastValues) = (nil, []) }
}
