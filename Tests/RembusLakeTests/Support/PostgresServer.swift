import Foundation
import TestSupport
import Testing

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// A PostgreSQL server on a port of its own, with its data in a temporary folder.
final class PostgresServer {
    let port: Int
    private let folder: String
    private let process = Mutexed<Process?>(nil)

    /// The folder of the server's programs; nil when it is not installed.
    static let programs: String? = {
        let versions = (try? FileManager.default.contentsOfDirectory(atPath: "/usr/lib/postgresql")) ?? []
        let folders =
            versions.sorted().reversed().map { "/usr/lib/postgresql/\($0)/bin" } + [
                "/opt/homebrew/bin", "/usr/local/bin",
            ]
        return folders.first { FileManager.default.isExecutableFile(atPath: "\($0)/initdb") }
    }()

    static let absence: Comment = "PostgreSQL is not installed."
    static let password = "it's s3cret"

    /// Makes the data folder and starts the server with a database `lake`.
    init() throws {
        folder = LakeFixture.newFolder() + "-postgres"
        port = try freePort()
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let passwordFile = "\(folder)/password"
        try Self.password.write(toFile: passwordFile, atomically: true, encoding: .utf8)
        if geteuid() == 0 { try Self.run("/bin/chown", ["-R", "postgres", folder]) }
        let initialize = try command(
            "initdb", ["-D", "\(folder)/data", "-U", "rembus", "-A", "scram-sha-256", "--pwfile", passwordFile])
        initialize.waitUntilExit()
        try #require(initialize.terminationStatus == 0)
        try start()
    }

    /// Starts it (again) and returns when it answers.
    func start() throws {
        let settings = ["listen_addresses=127.0.0.1", "unix_socket_directories=", "fsync=off"]
        process.value = try command(
            "postgres", ["-D", "\(folder)/data", "-p", "\(port)"] + settings.flatMap { ["-c", $0] })
        let tool = try #require(Self.programs)
        for _ in 0..<300 {
            let check = Process()
            check.executableURL = URL(fileURLWithPath: "\(tool)/createdb")
            check.arguments = ["-h", "127.0.0.1", "-p", "\(port)", "-U", "rembus", "lake"]
            check.environment = ["PGPASSWORD": Self.password]
            let errors = Pipe()
            check.standardError = errors
            try check.run()
            let text = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
            check.waitUntilExit()
            if check.terminationStatus == 0 || text.contains("already exists") { return }
            Thread.sleep(forTimeInterval: 0.1)
        }
        Issue.record("PostgreSQL did not start")
    }

    /// Ends it at once, as a crash would.
    func crash() {
        guard let running = process.value, running.isRunning else { return }
        // The immediate shutdown: all its processes end without further ado.
        kill(running.processIdentifier, SIGQUIT)
        running.waitUntilExit()
    }

    /// As in `ducklake:postgres:…`.
    var connection: String {
        "host=127.0.0.1 port=\(port) dbname=lake user=rembus password='\(Self.password.replacing("'", with: "\\'"))'"
    }

    deinit {
        crash()
        try? FileManager.default.removeItem(atPath: folder)
    }

    /// The server refuses to run as root.
    private func command(_ name: String, _ arguments: [String]) throws -> Process {
        let path = "\(try #require(Self.programs))/\(name)"
        let process = Process()
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        process.currentDirectoryURL = URL(fileURLWithPath: "/")
        if geteuid() == 0 {
            process.executableURL = URL(fileURLWithPath: "/usr/bin/setpriv")
            process.arguments = ["--reuid=postgres", "--regid=postgres", "--clear-groups", path] + arguments
        } else {
            process.executableURL = URL(fileURLWithPath: path)
            process.arguments = arguments
        }
        try process.run()
        return process
    }

    private static func run(_ program: String, _ arguments: [String]) throws {
        try Process.run(URL(fileURLWithPath: program), arguments: arguments).waitUntilExit()
    }
}

/// A value that is set and read by one test at a time.
final class Mutexed<Value> {
    var value: Value

    init(_ value: Value) { self.value = value }
}
