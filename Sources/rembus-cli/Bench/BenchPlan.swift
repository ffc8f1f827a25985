import Rembus
import RembusTables
import RembusTransport

/// One run of the load generator, with everything decided.
struct BenchPlan: Sendable {
    var mode: BenchMode
    var url: RembusURL
    /// nil when the connections are not encrypted.
    var tls: TLSClientContext?
    /// Bytes of payload of each message, at least `Payload.headBytes`.
    var size: Int
    var subscribers: Int
    /// Calls without an answer, or publications without an acknowledgement.
    var inFlight: Int
    var seconds: Double
    /// Messages or calls, in place of a time.
    var count: Int?
    /// Messages per second; nil as fast as it goes.
    var rate: Double?
    /// How many messages the publisher may be ahead of the slowest subscriber; 0 means any number.
    var window: Int
    var connections: Int
    var pid: Int32?
    /// How long nothing may move before the run is given up, seconds.
    var patience: Double
    /// Whether the broker treats the messages like all others, and records what it records.
    var isRecorded: Bool
    /// New for every run, so that runs do not meet.
    let run = String(UInt32.random(in: .min ... .max), radix: 36)

    var topic: String { (isRecorded ? "bench" : BenchTopics.segment) + "/" + run }
}

/// The first bytes of each payload: a sequence number and the time of sending, both little-endian.
enum Payload {
    static let headBytes = 16

    /// Message ids of a run are this plus the sequence number: never 0, which some brokers take for "no id", and apart
    /// from the ids of commands.
    static let idBase: UInt64 = 1 << 62
}
