import Foundation
import Rembus
import RembusBroker
import RembusTesting
import Testing

/// Brokers that the SDK connects to, each for as long as a closure runs.
@Suite("Brokers for a scope", .timeLimit(.minutes(5)))
struct TestBrokerTests {
    struct Stop: Error {}

    /// As for a program: nothing comes from whoever runs the tests.
    private func connect(_ url: String) async throws -> Component {
        try await Component.connect(
            url,
            configuration: ComponentConfiguration {
                $0.environment = [:]
                $0.directory = "/nonexistent"
            })
    }

    @Test("The SDK talks to a broker over loopback, which is gone afterwards")
    func loopback() async throws {
        let url = try await TestBroker.run {
            $0.name = "plant"
        } _: { broker in
            let component = try await connect(broker.url("meter"))
            let name: String = try await component.call("rid")
            #expect(name == "plant")
            #expect(broker.broker.connectionCount == 1)
            await component.close()
            return broker.url
        }
        await #expect(throws: RembusError.self) { try await connect(url) }
    }

    @Test("Two brokers at a time do not meet")
    func two() async throws {
        try await TestBroker.run { first in
            try await TestBroker.run { second in
                #expect(first.url != second.url)
            }
        }
    }

    @Test("The broker ends with an error of the closure too")
    func errors() async throws {
        var url = ""
        await #expect(throws: Stop.self) {
            try await TestBroker.run { broker in
                url = broker.url
                throw Stop()
            }
        }
        await #expect(throws: RembusError.self) { try await connect(url) }
        await #expect(throws: BrokerError.self) {
            try await TestBroker.run {
                $0.security.isSecure = true
            } _: { _ in
                Issue.record("it has no certificate")
            }
        }
    }

    // MARK: A process

    private static let command = ProcessInfo.processInfo.environment["REMBUS_BIN"] ?? ""
    private static let hasCommand = FileManager.default.isExecutableFile(atPath: command)

    @Test("The SDK talks to the command, which is gone afterwards with its folder", .enabled(if: hasCommand))
    func process() async throws {
        let (url, folder) = try await BrokerProcess.run(options: ["--name", "plant", "--http", "0"]) { broker in
            let component = try await connect(broker.url("meter"))
            let name: String = try await component.call("rid")
            #expect(name == "plant")
            await component.close()
            #expect(broker.addresses.contains { $0.hasPrefix("http://") })
            #expect(FileManager.default.fileExists(atPath: "\(broker.directory)/plant"))
            return (broker.url, broker.directory)
        }
        #expect(!FileManager.default.fileExists(atPath: folder))
        await #expect(throws: RembusError.self) { try await connect(url) }
    }

    @Test("A test waits for a line of its log", .enabled(if: hasCommand))
    func log() async throws {
        try await BrokerProcess.run(options: ["--log-level", "debug"]) { broker in
            let component = try await connect(broker.url("meter"))
            #expect(try await broker.logLine(containing: "meter").contains("meter"))
            #expect(broker.logLines.contains { $0.contains("meter") })
            await component.close()
        }
    }

    @Test("A command that does not listen is an error with what it has said", .enabled(if: hasCommand))
    func failure() async throws {
        let error = await #expect(throws: TestingError.self) {
            try await BrokerProcess.run(options: ["--no-such-option"]) { _ in Issue.record("it runs") }
        }
        #expect(error?.description.contains("--no-such-option") == true)
    }

    @Test("A command whose output is open elsewhere is over when it ends")
    func inheritedOutput() async throws {
        let script = FileManager.default.temporaryDirectory.appendingPathComponent("rembus-\(UUID().uuidString).sh")
        defer { try? FileManager.default.removeItem(at: script) }
        // What it leaves behind has its output, and outlasts it.
        try "#!/bin/sh\nsleep 600 &\necho $! >&2\nexit 3\n".write(to: script, atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: script.path)
        let error = await #expect(throws: TestingError.self) {
            try await BrokerProcess.run(command: script.path) { _ in Issue.record("it runs") }
        }
        let said = try #require(error?.description.split(separator: "\n").last)
        kill(try #require(Int32(said)), SIGKILL)
    }

    @Test(
        "A command has no open files of the test", .enabled(if: FileManager.default.fileExists(atPath: "/proc/self/fd"))
    )
    func openFiles() async throws {
        let script = FileManager.default.temporaryDirectory.appendingPathComponent("rembus-\(UUID().uuidString).sh")
        defer { try? FileManager.default.removeItem(at: script) }
        try "#!/bin/sh\nls /proc/$$/fd | grep -c . >&2\nls -l /proc/$$/fd | grep socket >&2\nexit 3\n".write(
            to: script, atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: script.path)
        try await TestBroker.run { _ in
            let error = await #expect(throws: TestingError.self) {
                try await BrokerProcess.run(command: script.path) { _ in Issue.record("it runs") }
            }
            #expect(error?.description.contains("socket") == false)
        }
    }

    @Test("A command that does not exist is an error with its path")
    func absence() async throws {
        let error = await #expect(throws: TestingError.self) {
            try await BrokerProcess.run(command: "/nonexistent/rembus") { _ in Issue.record("it runs") }
        }
        #expect(error?.description.contains("/nonexistent/rembus") == true)
    }

    @Test("A broker whose test is cancelled ends all the same", .enabled(if: hasCommand))
    func cancellation() async throws {
        let (started, continuation) = AsyncStream.makeStream(of: String.self)
        let task = Task {
            try await BrokerProcess.run { broker in
                continuation.yield(broker.directory)
                try await Task.sleep(for: .seconds(3600))
            }
        }
        var folders = started.makeAsyncIterator()
        let folder = try #require(await folders.next())
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(!FileManager.default.fileExists(atPath: folder))
    }
}
