public import Foundation

extension BrokerStatus {
    /// A link to another broker (docs/mesh.md), or one that this broker tries to make.
    public struct Link: Sendable, Hashable, Codable {
        /// The state of a link.
        public enum State: String, Sendable, Hashable, Codable, CaseIterable {
            /// It is in use.
            case connected
            /// It is open and not used: brokers of other implementations behind it are reached by another link.
            case resting
            /// There is no connection. This broker tries again.
            case down
        }

        /// What the other broker is.
        public enum Implementation: String, Sendable, Hashable, Codable {
            /// Of this implementation.
            case ours = "rembus-swift"
            case other
        }

        /// The name of the link, whose rights it has on both sides.
        public var name: String
        /// The URL that this broker has dialed; nil for a link that the other broker has made.
        public var url: String?
        /// Its state.
        public var state: State
        /// What the other broker is; nil while there is no connection.
        public var implementation: Implementation?
        /// The address of the other broker; nil while there is no connection.
        public var address: String?
        /// Since when it is connected, or was last found down.
        public var since: Date
        /// Why there is no connection; nil while there is one.
        public var problem: String?
        /// The number of topics, patterns and methods that the other broker wants or provides.
        public var heard: Int
        /// The number of topics, patterns and methods that it was told.
        public var told: Int
        /// Publications that have come over the connection.
        public var received: UInt64
        /// Those of them that had come by another way before, or that nobody here can get.
        public var dropped: UInt64
        /// Publications that were sent over the connection.
        public var sent: UInt64
        /// The bytes that wait because the other broker does not read them fast enough.
        public var backlogBytes: Int
        /// The number of publications at QoS 1 and 2 that wait for its acknowledgement.
        public var inFlight: Int
    }
}
