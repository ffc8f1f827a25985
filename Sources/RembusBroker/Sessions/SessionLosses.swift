/// Messages that one connection did not get because it read too little.
struct SessionLosses {
    /// The number of publications that were not delivered and of answers that were dropped.
    var count = 0
    /// The bytes of log that the store had dropped before they were read.
    var bytes: UInt64 = 0
    /// Whether an event has reported that the component is slow.
    var isKnownAsSlow = false
}
