import Foundation
import RembusLake
import RembusStore
import RembusWire
import TestSupport
import Testing

/// One catalog, opened in turn by this broker's lake and by the Python broker.
@Suite(.serialized, .enabled(if: PythonBroker.python != nil, PythonBroker.absence)) struct TakeoverTests {
    @Test("the Python broker takes our catalog over, and we take it back", .timeLimit(.minutes(3)))
    func backAndForth() async throws {
        let folder = LakeFixture.newFolder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let journal = TestJournal(partitions: 2)
        let first = try LakeFixture(folder: folder, journal: journal)
        journal.publish("hq/HVAC/u1/sensor", publisher: "node")
        for number in 0..<500 { journal.publish("u1/telemetry", [["temperature": .integer(Int64(number))]]) }
        try await first.drain()
        first.lake.project([ComponentRecord(name: "late", exposed: ["ours"], host: "h")])
        await first.lake.stop()

        let seen = try PythonBroker.run(
            folder: folder,
            """
                print(len(await c.rpc("query_sensor", {"where": "site='hq'"})))
                print(len(await c.rpc("query_telemetry")))
                await c.publish("lab/HVAC/u1/sensor")
                await c.publish("hq/HVAC/u2/sensor", slot=7)
                await c.publish("u9/telemetry", {"temperature": 1.5, "pressure": 2}, qos=rb.QOS1)
                async def handler(*args): pass
                await c.subscribe(handler, topic="theirs/**", msgfrom=rb.LastReceived)
                await c.reactive()
                await asyncio.sleep(2.5)
            """)
        #expect(seen == ["1", "500"])

        let second = try LakeFixture(folder: folder, journal: journal)
        let state = try second.lake.storedState()
        #expect(state.components.first { $0.name == "client" }?.subscriptions.map(\.topic) == ["theirs/**"])
        #expect(state.components.first { $0.name == "late" }?.exposed == ["ours"])
        // An update in a table that the Python broker wrote to, and rows of both behind each other.
        journal.publish("roof/HVAC/u2/sensor")
        try await second.drain()
        #expect(
            try await second.rows("SELECT * FROM sensor ORDER BY dn") == [
                ["lab", "HVAC", "u1"], ["roof", "HVAC", "u2"],
            ])
        #expect(
            try await second.rows("SELECT count(*), count(DISTINCT recv) FROM message WHERE name = 'bro'") == [
                [505, 505]
            ])
        #expect(
            try await second.rows("SELECT dn, temperature, pressure, time_bucket FROM telemetry WHERE dn = 'u9'")
                == [["u9", 1.5, 2.0, nil]])
    }

    @Test("we take a catalog of the Python broker over", .timeLimit(.minutes(3)))
    func theirs() async throws {
        let folder = LakeFixture.newFolder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        _ = try PythonBroker.run(
            folder: folder,
            """
                for n in range(20):
                    await c.publish(f"u{n}/telemetry", {"temperature": n, "pressure": 1}, qos=rb.QOS2)
                await c.publish("other", 1, "a", [1, 2])
                await asyncio.sleep(2.5)
            """)
        let fixture = try LakeFixture(folder: folder, partitions: 2) {
            $0.maintenance.isEnabled = true
            $0.maintenance.interval = .milliseconds(50)
        }
        fixture.journal.publish("u20/telemetry", [["temperature": 20, "pressure": 1]])
        try await fixture.drain()
        for _ in 0..<1200 where fixture.lake.metrics.maintenanceRounds < 2 {
            try await Task.sleep(for: .milliseconds(50))
        }
        #expect(fixture.lake.metrics.steps.values.allSatisfy { $0.failures == 0 })
        #expect(try await fixture.rows("SELECT count(*), sum(temperature) FROM telemetry") == [[21, 210.0]])
        #expect(
            try await fixture.rows("SELECT data FROM message WHERE topic = 'other'") == [
                [.blob([0x83, 0x01, 0x61, 0x61, 0x82, 0x01, 0x02])]
            ])
    }
}

/// The Python broker `bro` on a folder, and a client `client` of it.
enum PythonBroker {
    static let absence: Comment = "No Python with the rembus package: run `make setup`, or set REMBUS_PYTHON."

    private static let repository = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
        .deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    static let python: String? = {
        if let given = ProcessInfo.processInfo.environment["REMBUS_PYTHON"], !given.isEmpty { return given }
        let made = repository.appendingPathComponent(".venv/bin/python").path
        return FileManager.default.isExecutableFile(atPath: made) ? made : nil
    }()

    /// Starts the broker, runs the client's statements (indented by four), stops the broker so that it stores what it
    /// knows, and returns the lines that the client printed.
    static func run(folder: String, _ statements: String) throws -> [String] {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let schema = "\(folder)/schema.json"
        try LakeFixture.sensors.write(toFile: schema, atomically: true, encoding: .utf8)
        let port = try freePort()
        let program = repository.appendingPathComponent("Tests/support/reference_broker.py").path
        let environment = ["REMBUS_DIR": folder, "REMBUS_SCHEMA": schema]
        // Threads of Dispatch block signals, and their children inherit that.
        let unblocked = """
            import runpy, signal, sys
            signal.pthread_sigmask(signal.SIG_SETMASK, ())
            sys.argv = sys.argv[1:]
            runpy.run_path(sys.argv[0], run_name="__main__")
            """
        let (broker, output) = try start(
            ["-c", unblocked, program, "\(port)", "bro", "first_up", "broker"], environment)
        defer {
            broker.interrupt()
            broker.waitUntilExit()
        }
        var text = ""
        while !text.contains("ready on") {
            let data = output.fileHandleForReading.availableData
            try #require(!data.isEmpty, "the Python broker did not start")
            text += String(decoding: data, as: UTF8.self)
        }
        let client = """
            import asyncio
            import rembus as rb
            async def main():
                c = await rb.component("ws://127.0.0.1:\(port)/client")
            \(statements)
                await c.close()
            asyncio.run(main())
            """
        let (process, lines) = try start(["-c", client], ["REMBUS_DIR": "\(folder)/client"])
        let printed = lines.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0)
        return String(decoding: printed, as: UTF8.self).split(separator: "\n").map(String.init)
    }

    private static func start(_ arguments: [String], _ environment: [String: String]) throws -> (Process, Pipe) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: try #require(python))
        process.arguments = arguments
        let inherited = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("REMBUS_") }
        process.environment = inherited.merging(environment) { $1 }
        let output = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        return (process, output)
    }
}
