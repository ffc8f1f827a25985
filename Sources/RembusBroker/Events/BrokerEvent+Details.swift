extension BrokerEvent {
    /// Who was not let in, or did not get what it asked for.
    public struct Refusal: Sendable, Hashable {
        /// Why, as one of the known reasons.
        public var cause: Cause
        /// Why, in words that the log has too. Not for peers: it may name others.
        public var text: String
        /// The connection; nil for those that were never open.
        public var connection: BrokerConnection?
        /// The name that was wanted; nil when there was none.
        public var name: String?
        /// The topic that may not be used; nil for everything else.
        public var topic: String?
        /// How many. More than one of connections that were never open, which are counted for a second.
        public var count = 1

        /// Why somebody was refused.
        public enum Cause: String, Sendable, Hashable, Codable {
            /// A connection was turned away before it was open: too many, or no proper handshake.
            case connection
            /// The name cannot be had: it is taken, not allowed, or needs a proof.
            case name
            /// The proof of identity is wrong.
            case proof
            /// No proof of identity came in time, or something else came before it.
            case unproven
            /// The component was removed.
            case removed
            /// The rules do not allow it. Told once for each topic of a connection.
            case rights
        }
    }

    /// Why a connection ended.
    public struct Ending: Sendable, Hashable {
        /// Why, as one of the known reasons.
        public var cause: Cause
        /// The close code of WebSocket (RFC 6455 §7.4); 1006 for a connection that broke.
        public var code: Int
        /// What the peer or the broker said about it; may be empty.
        public var text: String

        /// Why a connection ended.
        public enum Cause: String, Sendable, Hashable, Codable {
            /// The peer has ended it.
            case peer
            /// It broke, or gave no sign of life.
            case lost
            /// The broker stops.
            case stopping
            /// It did not take what was delivered to it, and the settings say that it is closed then.
            case slow
            /// Memory was short, and it took nothing.
            case memory
            /// Another connection of the name has taken its place.
            case replaced
            /// The component was removed.
            case removed
            /// An administrator has ended it.
            case administrator
            /// It did not prove who it is.
            case unproven
            /// It sent what cannot be understood, or is too large.
            case protocolError
            /// The broker has ended it for another reason.
            case broker
        }
    }

    /// Messages that were lost since the last such event of the same reason, a second before or more.
    public struct Drop: Sendable, Hashable {
        /// Why.
        public var reason: Reason
        /// How many; 0 where only ``bytes`` are known.
        public var count: Int
        /// How many bytes of the log, for ``Reason/overtaken``; else 0.
        public var bytes: Int
        /// The table that they would have filled, for ``Reason/table``.
        public var table: String?

        /// Why messages were lost.
        public enum Reason: String, Sendable, Hashable, Codable {
            /// Nothing can be published under the topic.
            case topic
            /// A subscriber takes no more, and nothing is stored from which it could go on.
            case backlog
            /// A caller does not read its answers.
            case answer
            /// A gateway could not pass them on.
            case gateway
            /// Nobody acknowledged the delivery after all retries.
            case unacknowledged
            /// A slow subscriber wanted to go on where the store does not reach back any more.
            case overtaken
            /// The disk is too slow for what is to be stored.
            case pressure
            /// The journal cannot be written.
            case journal
            /// They would have filled a table, and the journal did not take them.
            case table
        }
    }

    /// Stored publications that were deleted.
    public struct Retention: Sendable, Hashable {
        /// Where they were.
        public var place: Place
        /// Publications that were deleted from the tables' catalog; 0 for the journal, which does not count them.
        public var publications: Int
        /// Files of the journal that were deleted.
        public var files: Int
        /// Their bytes.
        public var bytes: Int

        /// Where publications are stored.
        public enum Place: String, Sendable, Hashable, Codable {
            /// The files of the journal.
            case journal
            /// The table `message`.
            case lake
        }
    }

    /// Work on the tables' files.
    public struct Maintenance: Sendable, Hashable {
        /// The kind of work: `flush`, `merge`, `rewrite`, `expire`, `cleanup`, `orphans` or `retention` (docs/storage.md).
        public var step: String
        /// How often it was done since the last such event.
        public var count: Int
        /// How often it failed; the log says why.
        public var failures: Int
        /// How long all of it took, in seconds.
        public var seconds: Double
    }
}
