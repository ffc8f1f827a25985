public import ArgumentParser
public import Rembus

struct PublishCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pub",
        abstract: "Publish messages.",
        discussion: """
            An ARG that is JSON is sent as what it means, anything else as a text. With --file every line is a publication, \
            whose arguments are the elements of a JSON array or one other value. The command ends when the broker has \
            taken the publications, with --qos 1 or 2 when it has acknowledged them. When it is interrupted or fails before, it \
            says how many it has published; a lost connection is made again, which --qos 1 and 2 wait for.

            Examples:
              rembus pub plant/7/telemetry '{"temperature": 21.6, "pressure": 980}' --qos 1
              rembus pub alarm valve open 7          # two texts and a number
              rembus pub clock --count 60 --interval 1s
              tail -f log.jsonl | rembus pub log -   # a publication for each line
            """)

    @Argument(help: "The topic.")
    var topic: String

    @Argument(help: "The payload, zero or more values. A single - is short for --file -.")
    var arg: [String] = []

    @Flag(exclusivity: .exclusive)
    var form = ArgumentForm.automatic

    @Option(help: "0 at most once, 1 at least once, 2 exactly once.")
    var qos = QoS.atMostOnce

    @Option(help: "A number from 0 to 4294967295 that travels with the message, usually the start of a time bucket.")
    var slot: UInt32?

    @Option(help: "How often to publish.")
    var count = 1

    @Option(help: "The time between two publications: 250ms, 1s, 10m, …")
    var interval: TimeSpanOption?

    @Option(help: "Publish the lines of a file; - is standard input.", completion: .file())
    var file: String?

    @OptionGroup(title: "Connection")
    var connection: ConnectionOptions

    private var source: String? { file ?? (arg == ["-"] ? "-" : nil) }

    func validate() throws {
        if count < 1 { throw ValidationError("--count must be at least 1.") }
        if file != nil, !arg.isEmpty { throw ValidationError("Give either arguments or --file, not both.") }
        if source != nil, count != 1 { throw ValidationError("--count has no meaning for the lines of a file.") }
        if topic.isEmpty { throw ValidationError("The topic is empty.") }
        if slot != nil, connection.encoding == .json {
            throw ValidationError("A slot has no form in JSON; leave out --encoding json.")
        }
    }

    func run() async throws {
        try TopicCheck.refusePattern(topic, "publish to", "topic")
        TopicCheck.warn(ofMQTTWildcardsInName: topic)
        let arguments = source == nil ? try form.values(of: arg) : []
        let lines = try source.map { try LineReader(path: $0) }
        let component = try await connection.connect()
        let progress = PublishProgress(qos: qos, count: count, source: source)
        progress.sayWhenInterrupted()
        do {
            // A task returns true when the command is finished.
            try await withThrowingTaskGroup(of: Bool.self) { tasks in
                defer { tasks.cancelAll() }
                tasks.addTask {
                    try await component.reportConnection()
                    return false
                }
                tasks.addTask {
                    try await progress.show()
                    return false
                }
                tasks.addTask {
                    try await publish(lines, arguments, on: component, progress)
                    return true
                }
                while let isDone = try await tasks.next(), !isDone {}
            }
        } catch {
            await component.close()
            throw progress.explain(error)
        }
        await component.close()
    }

    private func publish(
        _ lines: LineReader?, _ arguments: [Value], on component: Component, _ progress: PublishProgress
    ) async throws {
        if let lines {
            try await publish(lines, on: component, progress)
        } else {
            for number in 0..<count {
                try await pause(number)
                try await publish(arguments, on: component, progress)
            }
        }
        // At the other levels the acknowledgements prove it.
        if qos == .atMostOnce { try await component.flush() }
    }

    private func publish(
        _ lines: consuming LineReader, on component: Component, _ progress: PublishProgress
    ) async throws {
        var number = 0
        let warnings = Warnings()
        while let line = try lines.next() {
            if line.allSatisfy(\.isWhitespace) { continue }
            let arguments = try form.arguments(ofLine: line, in: lines.place, warnings: warnings)
            try await pause(number)
            try await publish(arguments, on: component, progress)
            number += 1
        }
    }

    private func publish(
        _ arguments: [Value], on component: Component, _ progress: PublishProgress
    ) async throws {
        progress.began()
        try await component.publish(topic, arguments: arguments, qos: qos, slot: slot)
        progress.ended()
    }

    private func pause(_ number: Int) async throws {
        if number > 0, let interval { try await Task.sleep(for: interval.duration) }
    }
}

extension QoS: ExpressibleByArgument {
    /// Reads the number of the protocol: 0, 1 or 2.
    public init?(argument: String) {
        guard let number = UInt8(argument) else { return nil }
        self.init(rawValue: number)
    }

    /// The number, for the help text.
    public var defaultValueDescription: String { "\(rawValue)" }

    /// The numbers, for the help text and for completion.
    public static var allValueStrings: [String] { allCases.map { "\($0.rawValue)" } }
}
