import Dispatch
import Foundation
import Synchronization

/// Collects the lines of a pipe, so that a test can wait for one of them.
final class LineReader: Sendable {
    private struct Waiter {
        let isWanted: @Sendable (String) -> Bool
        let continuation: CheckedContinuation<String?, Never>
    }

    private struct State {
        var lines: [String] = []
        var rest: [UInt8] = []
        var hasEnded = false
        var waiters: [UUID: Waiter] = [:]
    }

    private let state = Mutex(State())

    /// How long the output of a process that has ended is waited for.
    private static let restTime = DispatchTimeInterval.seconds(2)

    private let pipe: FileHandle

    init(_ pipe: FileHandle) {
        self.pipe = pipe
        pipe.readabilityHandler = { [self] handle in
            let data = handle.availableData
            if data.isEmpty { handle.readabilityHandler = nil }
            received(Array(data))
        }
    }

    var lines: [String] { state.withLock { $0.lines } }

    /// Returns the first line that is wanted, and waits for it; nil when the pipe ends without one, or the task is
    /// cancelled.
    func first(where isWanted: @escaping @Sendable (String) -> Bool) async -> String? {
        let id = UUID()
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let known: String?? = state.withLock { state in
                    if let line = state.lines.first(where: isWanted) { return line }
                    // Checked here as well, because the handler below may have run already.
                    if state.hasEnded || Task.isCancelled { return .some(nil) }
                    state.waiters[id] = Waiter(isWanted: isWanted, continuation: continuation)
                    return nil
                }
                if let known { continuation.resume(returning: known) }
            }
        } onCancel: {
            state.withLock { $0.waiters.removeValue(forKey: id) }?.continuation.resume(returning: nil)
        }
    }

    /// The process has ended, and writes no more. The pipe need not end with it: another process that was started at the same
    /// time may have inherited its other end. So the reader waits a moment for what is still in the pipe.
    func processEnded() {
        DispatchQueue.global().asyncAfter(deadline: .now() + Self.restTime) { [self] in
            pipe.readabilityHandler = nil
            received([])
        }
    }

    /// An empty read is the end of the pipe.
    private func received(_ bytes: [UInt8]) {
        let answers = state.withLock { state -> [(Waiter, String?)] in
            guard !state.hasEnded else { return [] }
            state.rest += bytes
            state.hasEnded = bytes.isEmpty
            var parts = state.rest.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            // The text behind the last line end is the beginning of a line, except at the end of the pipe.
            let rest = parts.popLast() ?? []
            state.rest = state.hasEnded ? [] : Array(rest)
            if state.hasEnded, !rest.isEmpty { parts.append(rest) }
            let lines = parts.map { String(decoding: $0, as: UTF8.self) }
            state.lines += lines
            var answers: [(Waiter, String?)] = []
            for (id, waiter) in state.waiters {
                let line = lines.first(where: waiter.isWanted)
                guard line != nil || state.hasEnded else { continue }
                state.waiters[id] = nil
                answers.append((waiter, line))
            }
            return answers
        }
        for (waiter, line) in answers { waiter.continuation.resume(returning: line) }
    }
}
