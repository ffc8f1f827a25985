import Dispatch
import Foundation

/// What ends a command that otherwise runs for ever: SIGINT, SIGTERM, or nobody reading its output any more.
enum Interruption {
    /// How long the orderly end may take before the process just ends.
    private static let patience = DispatchTimeInterval.seconds(3)

    /// Runs `work` until it is done or the command is interrupted, which cancels it.
    ///
    /// `needsReader` says that the command is of no use when nobody reads its standard output.
    static func orDone(needsReader: Bool, _ work: @escaping @Sendable () async throws -> Void) async throws {
        let events = events(needsReader)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { for await _ in events { return } }
            tasks.addTask { try await work() }
            defer { tasks.cancelAll() }
            try await tasks.next()
        }
    }

    /// Yields once when it is time to end. The sources live until the process ends.
    private static func events(_ needsReader: Bool) -> AsyncStream<Void> {
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingOldest(1))
        let interrupt: @Sendable () -> Void = {
            continuation.yield()
            // Output that nobody takes can hold every thread of the concurrency pool; then nothing else works.
            DispatchQueue.global(qos: .userInteractive).asyncAfter(deadline: .now() + patience) {
                _exit(ExitStatus.success.rawValue)
            }
        }
        for number in [SIGINT, SIGTERM] {
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global(qos: .userInteractive))
            source.setEventHandler(handler: interrupt)
            source.activate()
            // Keeps the source alive: its handler holds it until it is cancelled, which never happens.
            source.setCancelHandler { _ = source }
        }
        if needsReader { watchReader(interrupt) }
        return stream
    }

    /// Notices at once when the reader of a pipe is gone; without this it would take until the next message.
    private static func watchReader(_ interrupt: @escaping @Sendable () -> Void) {
        var status = stat()
        guard fstat(STDOUT_FILENO, &status) == 0 else { return }
        let kind = status.st_mode & S_IFMT
        guard kind == S_IFIFO || kind == S_IFSOCK else { return }
        Thread.detachNewThread {
            var descriptor = pollfd(fd: STDOUT_FILENO, events: 0, revents: 0)
            while true {
                let count = poll(&descriptor, 1, -1)
                if count < 0, errno == EINTR { continue }
                if count > 0, descriptor.revents & Int16(POLLERR | POLLHUP | POLLNVAL) != 0 { interrupt() }
                return
            }
        }
    }
}
