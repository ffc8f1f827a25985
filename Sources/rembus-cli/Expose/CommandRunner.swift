import Foundation
import NIOCore
import Rembus
import Synchronization

/// Runs a command for each call of a method, with a limit on how many run at a time.
final class CommandRunner: Sendable {
    private let executable: String
    private let words: [String]
    private let topic: String
    private let addsArguments: Bool
    private let timeout: Duration?
    private let gate: RunLimit
    private let running = Mutex<(processes: Set<pid_t>, isStopped: Bool)>(([], false))

    /// Throws when there is no such command.
    init(
        words: [String], topic: String, addsArguments: Bool, concurrency: Int, timeout: Duration?
    ) throws(CommandFailure) {
        guard let first = words.first, let executable = Self.find(first) else {
            throw CommandFailure("cannot run \(words.first ?? ""): there is no such command")
        }
        self.executable = executable
        self.words = words
        self.topic = topic
        self.addsArguments = addsArguments
        self.timeout = timeout
        gate = RunLimit(limit: concurrency)
    }

    /// Finds a command as a shell does.
    static func find(_ command: String) -> String? {
        if command.contains("/") { return access(command, X_OK) == 0 ? command : nil }
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin"
        return path.split(separator: ":").lazy.map { "\($0)/\(command)" }.first { access($0, X_OK) == 0 }
    }

    /// Runs the command for one call. Throws an error with a text for the caller.
    func run(_ arguments: [Value]) async throws -> Value {
        await gate.enter()
        defer { gate.leave() }
        let process = ChildProcess(
            executable: executable,
            words: words + (addsArguments ? arguments.map(Self.word) : []),
            environment: ["REMBUS_TOPIC": topic],
            input: Array(Value.array(arguments).jsonLine.utf8),
            timeout: timeout)
        let outcome = try await onThread { [self] in
            try process.run(started: { self.started($0) }, ended: { self.ended($0) })
        }
        return try Self.result(of: outcome, timeout: timeout)
    }

    /// Ends every running command, and those that are started later.
    func stop() {
        let processes = running.withLock { running in
            running.isStopped = true
            return running.processes
        }
        for process in processes { kill(-process, SIGTERM) }
    }

    private func started(_ process: pid_t) {
        let isLate = running.withLock { running in
            running.processes.insert(process)
            return running.isStopped
        }
        if isLate { kill(-process, SIGTERM) }
    }

    private func ended(_ process: pid_t) {
        running.withLock { _ = $0.processes.remove(process) }
    }

    private static func word(_ value: Value) -> String {
        // An argument cannot contain NUL, which the system takes for its end.
        (value.stringValue ?? value.jsonLine).replacingOccurrences(of: "\0", with: "")
    }

    private static func result(of outcome: ChildProcess.Outcome, timeout: Duration?) throws(CommandFailure) -> Value {
        switch outcome.ending {
        case .exited(0): return value(of: outcome.output)
        case .exited(let status):
            throw CommandFailure(outcome.lastErrorLine ?? "the command ended with status \(status)")
        case .killed(let signal):
            throw CommandFailure(outcome.lastErrorLine ?? "the command was ended by signal \(signal)")
        case .timedOut:
            throw CommandFailure("the command did not end within \(timeout.map { "\($0)" } ?? "its time")")
        case .tooMuchOutput:
            throw CommandFailure("the command printed more than \(ChildProcess.maxOutputBytes >> 20) MiB")
        }
    }

    /// The output of a command as a value.
    static func value(of output: [UInt8]) -> Value {
        guard let text = String(validating: output, as: UTF8.self) else { return .bytes(.init(bytes: output)) }
        if let value = try? Value(jsonText: text) { return value }
        var line = Substring(text)
        while line.last?.isNewline == true { line.removeLast() }
        ArgumentForm.warn(ofTextLikeJSON: line, "what the command printed")
        return line.isEmpty ? .null : .text(String(line))
    }
}

/// Runs blocking code on a thread of its own, because a command may run for hours and the threads of the pool are few.
private func onThread<R: Sendable>(_ body: @escaping @Sendable () throws -> R) async throws -> R {
    try await withCheckedThrowingContinuation { continuation in
        Thread.detachNewThread { continuation.resume(with: Result(catching: body)) }
    }
}

/// Lets a limited number of tasks run at a time; the others wait in order.
private final class RunLimit: Sendable {
    private struct State {
        var free: Int
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let state: Mutex<State>

    init(limit: Int) {
        state = Mutex(State(free: limit))
    }

    func enter() async {
        await withCheckedContinuation { continuation in
            let isFree = state.withLock { state in
                guard state.free > 0 else {
                    state.waiting.append(continuation)
                    return false
                }
                state.free -= 1
                return true
            }
            if isFree { continuation.resume() }
        }
    }

    func leave() {
        let next = state.withLock { state -> CheckedContinuation<Void, Never>? in
            guard state.waiting.isEmpty else { return state.waiting.removeFirst() }
            state.free += 1
            return nil
        }
        next?.resume()
    }
}
