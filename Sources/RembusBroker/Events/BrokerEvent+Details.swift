extension BrokerEvent {
    /// A refused connection, login or request.
    public struct Refusal: Sendable, Hashable {
        /// The reason, as one of the known ones.
        public var cause: Cause
        /// The reason in words, as in the log. It may name other components, so it is not for peers.
        public var text: String
        /// The connection that was refused something; nil for connections that were never open.
        public var connection: BrokerConnection?
        /// The name that the peer asked for; nil when there was none.
        public var name: String?
        /// The topic that may not be used; nil when the refusal is not about a topic.
        public var topic: String?
        /// The number of refusals. It is more than 1 for connections that were never open: their refusals are counted
        /// for a second.
        public var count = 1

        /// The reason of a refusal.
        public enum Cause: String, Sendable, Hashable, Codable {
            /// A connection was refused before it was open: there were too many, or its handshake was wrong.
            case connection
            /// The name is taken, is not allowed, or needs a proof.
            case name
            /// The proof of identity was wrong.
            case proof
            /// The proof of identity did not come in time, or another message came before it.
            case unproven
            /// The component was removed.
            case removed
            /// The rules do not allow the action. Reported once for each topic of a connection.
            case rights
        }
    }

    /// Why a connection ended.
    public struct Ending: Sendable, Hashable {
        /// The reason, as one of the known ones.
        public var cause: Cause
        /// The close code of WebSocket (RFC 6455 §7.4); 1006 for a connection that broke.
        public var code: Int
        /// The reason in words, from the peer or the broker; may be empty.
        public var text: String

        /// The reason of a connection's end.
        public enum Cause: String, Sendable, Hashable, Codable {
            /// The peer closed the connection.
            case peer
            /// The connection broke, or the peer gave no sign of life.
            case lost
            /// The broker stops.
            case stopping
            /// The peer did not read what was delivered, and the settings say that the connection is closed then.
            case slow
            /// Memory was short, and the peer read nothing.
            case memory
            /// Another connection took the name over.
            case replaced
            /// The component was removed.
            case removed
            /// An administrator ended the connection.
            case administrator
            /// The peer did not prove its identity.
            case unproven
            /// The peer sent something malformed or too large.
            case protocolError
            /// The broker ended the connection for another reason.
            case broker
        }
    }

    /// Messages that were lost, for one reason, since the last such event at least a second earlier.
    public struct Drop: Sendable, Hashable {
        /// The reason.
        public var reason: Reason
        /// The number of messages; 0 where only ``bytes`` are known.
        public var count: Int
        /// The bytes of log that were lost, for ``Reason/overtaken``; otherwise 0.
        public var bytes: Int
        /// The table that the messages would have filled, for ``Reason/table``.
        public var table: String?

        /// The reason of a loss.
        public enum Reason: String, Sendable, Hashable, Codable {
            /// The topic cannot be published to.
            case topic
            /// A subscriber took no more, and the publication was not stored, so that it could not be sent later.
            case backlog
            /// A caller did not read its answers.
            case answer
            /// A gateway could not pass the messages on.
            case gateway
            /// The subscriber did not acknowledge the delivery after all retries.
            case unacknowledged
            /// A slow subscriber would have continued with publications that the store has dropped.
            case overtaken
            /// The disk was too slow for what was to be stored.
            case pressure
            /// The journal could not be written.
            case journal
            /// The publications would have filled a table, but the journal did not accept them.
            case table
        }
    }

    /// Stored publications that were deleted.
    public struct Retention: Sendable, Hashable {
        /// Where they were stored.
        public var place: Place
        /// The number of publications that were deleted from the table `message`; 0 for the journal, which does not
        /// count them.
        public var publications: Int
        /// The number of journal files that were deleted.
        public var files: Int
        /// The bytes of those files.
        public var bytes: Int

        /// Where publications are stored.
        public enum Place: String, Sendable, Hashable, Codable {
            /// The files of the journal.
            case journal
            /// The table `message`.
            case lake
        }
    }

    /// Maintenance of the tables' files.
    public struct Maintenance: Sendable, Hashable {
        /// The kind of work: `flush`, `merge`, `rewrite`, `expire`, `cleanup`, `orphans` or `retention` (docs/storage.md).
        public var step: String
        /// How many times it was done since the last such event.
        public var count: Int
        /// How many times it failed; the log has the reasons.
        public var failures: Int
        /// How long it took in all, in seconds.
        public var seconds: Double
    }
}
