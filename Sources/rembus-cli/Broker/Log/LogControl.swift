import Foundation
import Logging
import RembusBroker
import RembusSupport
import Synchronization

/// The output of all loggers of the process.
final class LogControl: Sendable {
    private struct State {
        var limiter = LogLimiter()
        var isFlushScheduled = false
    }

    private let format: LogFormat
    private let state = Mutex(State())
    private let output: @Sendable (String) -> Void

    /// The lines per second that one place in the program may write, at the levels for operation.
    private static let linesPerSecond = 10
    /// The lines per second at the levels for debugging, where more detail is wanted.
    private static let debugLinesPerSecond = 500

    init(format: LogFormat = .text, output: @escaping @Sendable (String) -> Void = LogControl.standardError) {
        self.format = format
        self.output = output
    }

    // MARK: Lines

    /// Writes a line, unless its place has written too many.
    func write(_ line: LogLine, from place: LogLimiter.Place) {
        let limit = line.level < .info ? Self.debugLinesPerSecond : Self.linesPerSecond
        let (verdict, mustSchedule) = state.withLock { state in
            let verdict = state.limiter.admit(line, from: place, at: Self.second, limit: limit)
            let mustSchedule = verdict.startsSuppression && !state.isFlushScheduled
            if mustSchedule { state.isFlushScheduled = true }
            return (verdict, mustSchedule)
        }
        if mustSchedule { flushLater() }
        if let suppressed = verdict.suppressed { output(summary(suppressed)) }
        if verdict.passes { output(line.text(format)) }
    }

    /// Writes how many lines were left out. Called at the end.
    func finish() {
        for each in state.withLock({ $0.limiter.due(at: .max) }) { output(summary(each)) }
    }

    private func flushLater() {
        DispatchQueue.global(qos: .utility).asyncAfter(deadline: .now() + 1) { [self] in
            let (due, isMore) = state.withLock { state in
                let due = state.limiter.due(at: Self.second)
                state.isFlushScheduled = state.limiter.owesSummary
                return (due, state.isFlushScheduled)
            }
            for each in due { output(summary(each)) }
            if isMore { flushLater() }
        }
    }

    private func summary(_ suppressed: LogLimiter.Suppressed) -> String {
        var line = suppressed.example
        let example = line.message.count > 200 ? line.message.prefix(200) + "…" : line.message[...]
        line.message =
            "\(suppressed.count) more such lines were not written, because too many came at once; the last: \(example)"
        line.metadata["suppressed"] = .stringConvertible(suppressed.count)
        return line.text(format)
    }

    /// A clock that only rises, in seconds.
    private static var second: Int {
        Int(MonotonicClock.nanoseconds() / 1_000_000_000)
    }

    private static let lock = Mutex<Void>(())

    /// Lines of different threads do not mix. The process runs on even if nobody reads them.
    static let standardError: @Sendable (String) -> Void = { line in
        lock.withLock { _ in
            var rest = Array(line.utf8)[...]
            while !rest.isEmpty {
                let count = rest.withUnsafeBytes { Foundation.write(STDERR_FILENO, $0.baseAddress, $0.count) }
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { return }
                rest = rest.dropFirst(count)
            }
        }
    }
}
