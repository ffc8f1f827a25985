/// What happens to a subscriber whose connection is full.
public enum SlowConsumerPolicy: String, Sendable, CaseIterable, Codable {
    /// It goes on from the store when it can take more; what the store has dropped by then, the oldest first, is lost to
    /// it and counted.
    case catchUp = "catch_up"
    /// It is disconnected with code 1008.
    case disconnect
}
