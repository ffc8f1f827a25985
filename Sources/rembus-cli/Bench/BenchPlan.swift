import ArgumentParser
import Rembus
import RembusTables
import RembusTransport

/// All parameters of one run.
struct BenchPlan: Sendable {
    var mode: BenchMode
    var url: RembusURL
    /// nil when the connections are not encrypted.
    var tls: TLSClientContext?
    /// The bytes of payload of each message; at least `Payload.headBytes`.
    var size: Int
    var subscribers: Int
    /// The number of open calls or unacknowledged publications.
    var inFlight: Int
    var seconds: Double
    /// The number of messages or calls, if the run is not limited by time.
    var count: Int?
    /// Messages per second; nil for as many as possible.
    var rate: Double?
    /// How many messages the publisher may be ahead of the slowest subscriber; 0 for no limit.
    var window: Int
    var connections: Int
    var pid: Int32?
    /// The time without progress after which the run is given up, in seconds.
    var stallTimeout: Double
    /// Whether the broker records the messages as it does others.
    var isRecorded: Bool
    /// A random text for every run, so that runs do not affect each other.
    let run = String(UInt32.random(in: .min ... .max), radix: 36)

    var topic: String { (isRecorded ? "bench" : BenchTopics.segment) + "/" + run }
}

/// The first bytes of each payload: a sequence number and the time of sending, both little-endian.
enum Payload {
    static let headBytes = 16

    /// The message ids of a run are this number plus the sequence number. They are never 0, which some brokers take for
    /// "no id", and differ from the ids of commands.
    static let idBase: UInt64 = 1 << 62
}

/// The kinds of runs.
enum BenchMode: String, CaseIterable, ExpressibleByArgument {
    case pub
    case fanout
    case qos1
    case qos2
    case rpc
    case idle

    var qos: UInt8 {
        switch self {
        case .qos1: 1
        case .qos2: 2
        default: 0
        }
    }

    var defaultSubscribers: Int { self == .fanout ? 8 : 1 }

    var defaultInFlight: Int { qos > 0 ? 100 : 1 }
}
