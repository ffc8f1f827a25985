import Foundation
import Synchronization

/// A running command, with a folder for its state.
final class RunningCommand: Sendable {
    let identifier: Int32
    let directory: String
    let output: LineReader
    let log: LineReader
    private let ended: AsyncStream<Void>
    /// False when the process has ended, because its id may then be another process's.
    private let isRunning: RunningMark

    /// How long a command may take to end before it is killed.
    private static let endTimeout = Duration.seconds(20)

    init(_ path: String, _ arguments: [String], environment: [String: String]) throws {
        guard FileManager.default.isExecutableFile(atPath: path) else {
            throw TestingError("there is no command \(path)")
        }
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("rembus-test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        directory = folder.path
        var variables = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("REMBUS_") }
        variables["REMBUS_DIR"] = folder.path
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self)
        ended = stream
        let isRunning = RunningMark()
        self.isRunning = isRunning
        do {
            let (standardOutput, standardError) = (try SpawnedCommand.Output(), try SpawnedCommand.Output())
            let (output, log) = (LineReader(standardOutput.reading), LineReader(standardError.reading))
            (self.output, self.log) = (output, log)
            identifier = try SpawnedCommand.start(
                path, arguments, environment: variables.merging(environment) { $1 }, output: standardOutput,
                errors: standardError
            ) {
                isRunning.value.store(false, ordering: .releasing)
                output.processEnded()
                log.processEnded()
                continuation.finish()
            }
        } catch {
            try? FileManager.default.removeItem(at: folder)
            throw error
        }
    }

    /// Asks the process to end, waits for that, and removes the folder. This also works in a cancelled task.
    func end() async {
        await Task {
            signal(SIGTERM)
            if await !waits(Self.endTimeout) {
                signal(SIGKILL)
                for await _ in ended {}
            }
            try? FileManager.default.removeItem(atPath: directory)
        }.value
    }

    private func signal(_ number: Int32) {
        if isRunning.value.load(ordering: .acquiring) { kill(identifier, number) }
    }

    /// Waits for the end of the process. Returns false when `duration` is over before.
    private func waits(_ duration: Duration) async -> Bool {
        await withTaskGroup(of: Bool.self) { [ended] tasks in
            tasks.addTask {
                for await _ in ended {}
                return !Task.isCancelled
            }
            tasks.addTask {
                try? await Task.sleep(for: duration)
                return false
            }
            defer { tasks.cancelAll() }
            return await tasks.next() ?? false
        }
    }
}

/// Whether a process is running; set by the handler of its end.
private final class RunningMark: Sendable {
    let value = Atomic(true)
}
