import Foundation
import RembusLake
import RembusStore
import RembusWire
import TestSupport
import Testing

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Data files on an S3-style server; the server is `moto`, from Python.
@Suite(.enabled(if: ObjectStoreServer.python != nil, ObjectStoreServer.absence)) struct ObjectStoreTests {
    @Test("tables are written, merged and read on an S3-style server", .timeLimit(.minutes(3)))
    func tables() async throws {
        let server = try await ObjectStoreServer()
        let folder = LakeFixture.newFolder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let fixture = try LakeFixture(folder: folder) {
            $0.dataPath = "s3://lake/rembus"
            $0.objectStore = ObjectStoreSettings(environment: [
                "AWS_ENDPOINT_URL": "http://127.0.0.1:\(server.port)", "AWS_ACCESS_KEY_ID": "key",
                "AWS_SECRET_ACCESS_KEY": "s3cret", "AWS_REGION": "us-east-1",
            ])
            $0.inliningLimit = 0
            $0.maintenance.isEnabled = true
            $0.maintenance.interval = .milliseconds(100)
            $0.maintenance.mergeFiles = 3
        }
        for batch in 0..<10 {
            for number in 0..<20 {
                fixture.journal.publish("u\(number)/telemetry", [["temperature": .integer(Int64(batch))]])
            }
            try await fixture.drain(timeout: .seconds(60))
        }
        for _ in 0..<1200 where fixture.lake.metrics.steps["merge"] == nil {
            try await Task.sleep(for: .milliseconds(50))
        }
        #expect(fixture.lake.metrics.steps.values.allSatisfy { $0.failures == 0 })
        let query = try #require(fixture.lake.services["query_telemetry"])
        let answer = try await query([["cols": "count(*) as n, sum(temperature) as s"]])
        #expect(answer != .null)
        #expect(fixture.lake.metrics.rows["telemetry"] == 200)
        await fixture.lake.stop()
        #expect(!FileManager.default.fileExists(atPath: "\(folder)/bro/main"))
    }
}

/// An emulator of an S3 server with a bucket `lake`.
final class ObjectStoreServer {
    let port: Int
    private let process = Process()

    static let absence: Comment = "No Python with moto[server] and boto3."

    /// A Python that has the emulator.
    static let python: String? = {
        var candidates = [ProcessInfo.processInfo.environment["REMBUS_PYTHON"]].compactMap { $0 }
        let repository = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        candidates.append(repository.appendingPathComponent(".venv/bin/python").path)
        return candidates.first { python in
            guard FileManager.default.isExecutableFile(atPath: python) else { return false }
            let check = Process()
            check.executableURL = URL(fileURLWithPath: python)
            check.arguments = ["-c", "import moto.server, boto3"]
            check.standardError = FileHandle.nullDevice
            try? check.run()
            check.waitUntilExit()
            return check.terminationStatus == 0
        }
    }()

    init() async throws {
        port = try freePort()
        let program = """
            import sys, time, boto3
            from moto.server import ThreadedMotoServer
            port = int(sys.argv[1])
            ThreadedMotoServer(ip_address="127.0.0.1", port=port, verbose=False).start()
            s3 = boto3.client("s3", endpoint_url=f"http://127.0.0.1:{port}", region_name="us-east-1",
                              aws_access_key_id="key", aws_secret_access_key="s3cret")
            s3.create_bucket(Bucket="lake")
            print("ready", flush=True)
            sys.stdin.read()
            """
        process.executableURL = URL(fileURLWithPath: try #require(Self.python))
        process.arguments = ["-c", program, "\(port)"]
        let (input, output) = (Pipe(), Pipe())
        process.standardInput = input
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        let line = output.fileHandleForReading.availableData
        try #require(String(decoding: line, as: UTF8.self).hasPrefix("ready"))
    }

    deinit {
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }
}
