/// Why a broker should be sent no requests now; the raw value is what `/readyz` and metrics call it.
public enum UnreadyReason: String, Sendable, Hashable, Codable, CaseIterable {
    /// The broker takes no new work: it ends as soon as what is under way is finished.
    case stopping
    /// The journal cannot be written, so nothing is acknowledged at QoS 1 and 2.
    case journal
    /// Subscriptions, sessions or retained messages cannot be written, so nothing about them is answered.
    case state
    /// The last attempt to write to the tables failed.
    case lake
    /// The catalog of the tables cannot be reached.
    case catalog

    /// The reason in a sentence that may be shown to anybody: what exactly is wrong is for the log.
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
