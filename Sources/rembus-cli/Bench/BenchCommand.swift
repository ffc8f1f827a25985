import ArgumentParser
import Rembus

struct BenchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Measure a running broker.",
        discussion: """
            Modes:
              pub      one publisher, one subscriber, as fast as it goes
              fanout   one publisher, 8 subscribers
              qos1     QoS 1: publications under way until acknowledged, and delivered to one subscriber
              qos2     the same with QoS 2
              rpc      calls of a method that gives its argument back
              idle     connections that do nothing; with --pid, the broker's memory for each

            Latency is call to result (rpc), publish to acknowledgement (qos1, qos2), and publish to delivery (pub and fanout \
            with --rate; without it queues are full, and latency says how long they are). Every message carries a sequence \
            number: what is lost, out of order or repeated is counted, and the status is 3 when something was lost. The \
            load generator shares the machine: compare only runs made in the same place.

            The messages go to topics below @bench/, which a broker neither records nor puts into tables, unless it has a \
            pattern such as --record '@bench/**': a run leaves nothing behind. With --recorded they go to topics below bench/, \
            which are recorded like all others: that measures the journal and the disk too, and fills them.

            Examples:
              rembus bench pub --size 16 --pid $(pgrep -f 'rembus broker')
              rembus bench fanout --subs 100 --secs 10
              rembus bench rpc --inflight 64 --json
              rembus bench qos1 --url tcp://localhost:8339
              rembus bench qos1 --recorded     # until the disk has it; the messages stay in the journal and the lake
              rembus bench pub --rate 5000
              rembus bench idle --connections 10000 --pid 4711
            """)

    @Argument(help: "What to measure.")
    var mode: BenchMode

    @Option(help: "Bytes of payload, at least 16.")
    var size = 256

    @Option(help: "Subscribers. (default: 1, fanout 8)")
    var subs: Int?

    @Option(
        help: "Calls without a result, or publications without an acknowledgement. (default: rpc 1, qos1 and qos2 100)")
    var inflight: Int?

    @Option(help: "Length of the run.")
    var secs = TimeSpanOption(seconds: 5)

    @Option(help: "Send so many messages or calls, however long it takes.")
    var count: Int?

    @Option(help: "Messages per second. (default: as fast as it goes)")
    var rate: Double?

    @Option(
        help: ArgumentHelp(
            "Messages the publisher may be ahead of the slowest subscriber; 0 is any number. "
                + "(default: 65536, and 16 MiB of payload)"))
    var window: Int?

    @Option(help: "Connections of the mode idle.")
    var connections = 1000

    @Option(help: "The process id of the broker on this machine: its CPU time and memory are reported.")
    var pid: Int32?

    @Flag(help: "Publish on topics that the broker records, below bench/ instead of @bench/.")
    var recorded = false

    @Option(help: "Give up when nothing arrives for so long.")
    var timeout = TimeSpanOption(seconds: 10)

    @Flag(help: "Print the figures as one line of JSON.")
    var json = false

    @Option(
        help: "Where the broker is. (default: that of the context, else $REMBUS_BASE_URL, else ws://127.0.0.1:8338)")
    var url: String?

    @OptionGroup
    var context: ContextOption

    private static let maxSize = 60 << 20

    func validate() throws {
        if !(Payload.headBytes...Self.maxSize).contains(size) {
            throw ValidationError("--size must be between \(Payload.headBytes) and \(Self.maxSize).")
        }
        if let subs, !(0...10_000).contains(subs) { throw ValidationError("--subs must be between 0 and 10000.") }
        if subs == 0, mode == .pub || mode == .fanout { throw ValidationError("\(mode) needs a subscriber.") }
        if let inflight, !(1...60_000).contains(inflight) {
            throw ValidationError("--inflight must be between 1 and 60000.")
        }
        if let count, count < 1 { throw ValidationError("--count must be at least 1.") }
        if let rate, !(rate > 0 && rate <= 1e9) { throw ValidationError("--rate must be above 0.") }
        if rate != nil, mode == .rpc || mode == .idle { throw ValidationError("--rate is for publications.") }
        if let window, window < 0 { throw ValidationError("--window must not be negative.") }
        if !(1...1_000_000).contains(connections) {
            throw ValidationError("--connections must be between 1 and 1000000.")
        }
        if secs.seconds <= 0 { throw ValidationError("--secs must be above 0.") }
    }

    func run() async throws {
        let report = try await BenchRun.run(try plan())
        try StandardOutput.write((json ? report.json : report.text) + "\n")
        if !report.isComplete {
            throw CommandFailure("the run is not complete, see the figures", status: .incomplete)
        }
    }

    private func plan() throws -> BenchPlan {
        let place = try BrokerPlace.resolve(url, context: context)
        let url = place.url
        guard url.scheme != .mqtt, url.scheme != .mqtts else {
            throw CommandFailure(
                "bench does not speak MQTT; give a URL that begins with ws://, wss://, tcp://, tls:// or zmq://",
                status: .usage)
        }
        return BenchPlan(
            mode: mode, url: url, tls: url.scheme.isSecure ? try place.configuration().tlsContext() : nil,
            size: size, subscribers: subs ?? mode.defaultSubscribers,
            inFlight: inflight ?? mode.defaultInFlight, seconds: secs.seconds, count: count, rate: rate,
            window: window ?? max(1, min(65_536, (16 << 20) / size)), connections: connections, pid: pid,
            stallTimeout: timeout.seconds, isRecorded: recorded)
    }
}
