/// Why a broker should get no requests now. The raw value is the name in `/readyz` and metrics.
public enum UnreadyReason: String, Sendable, Hashable, Codable, CaseIterable {
    /// The broker takes no new work, and ends when the work under way is finished.
    case stopping
    /// The journal cannot be written, so nothing is acknowledged at QoS 1 and 2.
    case journal
    /// Subscriptions, sessions or retained messages cannot be written, so requests that change them are not answered.
    case state
    /// The last attempt to write to the tables failed.
    case lake
    /// The catalog of the tables cannot be reached.
    case catalog

    /// The reason in a sentence that may be shown to anybody. The details are in the log.
    package var sentence: String {
        switch self {
        case .stopping: "the broker is about to stop"
        case .journal: "the journal cannot be written; the broker's log says why"
        case .state: "subscriptions, sessions or retained messages cannot be written; the broker's log says why"
        case .lake: "the tables cannot be written; the broker's log says why"
        case .catalog: "the catalog of the tables cannot be reached; the broker's log says why"
        }
    }
}
