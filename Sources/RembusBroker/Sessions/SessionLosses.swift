/// What one connection was to get and has not got, because it took too little.
struct SessionLosses {
    /// Publications that were not delivered, and answers that were dropped.
    var count = 0
    /// Bytes of the log that it wanted to read when they were gone.
    var bytes: UInt64 = 0
    /// Whether readers of events were told that it does not take what is delivered.
    var isKnownAsSlow = false
}
