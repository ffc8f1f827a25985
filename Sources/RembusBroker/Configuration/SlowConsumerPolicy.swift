/// What happens to a subscriber that does not read what is queued for it.
public enum SlowConsumerPolicy: String, Sendable, CaseIterable, Codable {
    /// The subscriber continues from the store when it can take more. Publications that the store has dropped by then,
    /// the oldest first, are lost to the subscriber and counted.
    case catchUp = "catch_up"
    /// The subscriber is disconnected with code 1008.
    case disconnect
}
