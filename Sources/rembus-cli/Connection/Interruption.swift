import Foundation
import Synchronization

/// The events that end a command without an end of its own: SIGINT, SIGTERM, or the end of its output's reader.
enum Interruption {
    /// How long the orderly end may take without progress before the process is ended, in milliseconds.
    private static let stallTimeout: Int32 = 3000

    /// Work that has to be done at the end.
    struct Remainder: Sendable {
        /// A count that increases while the work is being done.
        var progress: @Sendable () -> Int
        /// Prints what was not done, and returns the status, when the work is given up.
        var giveUp: @Sendable () -> ExitStatus
    }

    private static let remainder = Mutex<Remainder?>(nil)

    /// Lets the end continue as long as there is progress, unless a second signal comes.
    static func finish(_ work: Remainder) {
        remainder.withLock { $0 = work }
    }

    /// Runs `work` until it is finished or the command is interrupted, which cancels it.
    ///
    /// `needsReader` is whether the command is of no use when nobody reads its standard output.
    static func orDone(needsReader: Bool, _ work: @escaping @Sendable () async throws -> Void) async throws {
        let events = try events(needsReader)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { for await _ in events { return } }
            tasks.addTask { try await work() }
            defer { tasks.cancelAll() }
            try await tasks.next()
        }
    }

    /// Yields once when the command has to end.
    ///
    /// A thread of its own waits for that, because output that nobody reads can block every thread of the concurrency
    /// pool.
    private static func events(_ needsReader: Bool) throws -> AsyncStream<Void> {
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingOldest(1))
        let signals = try catchSignals()
        let output = needsReader && isPipe(STDOUT_FILENO) ? STDOUT_FILENO : -1
        Thread.detachNewThread {
            wait(signals, output)
            continuation.yield()
            _exit(lastStatus(signals).rawValue)
        }
        return stream
    }

    /// Returns when a signal has come or the reader of the output is gone. Without this check, a missing reader would
    /// be noticed only with the next message.
    private static func wait(_ signals: Int32, _ output: Int32) {
        var descriptors = [
            pollfd(fd: signals, events: Int16(POLLIN), revents: 0), pollfd(fd: output, events: 0, revents: 0),
        ]
        while poll(&descriptors, 2, -1) < 0, errno == EINTR {}
        var byte: UInt8 = 0
        if descriptors[0].revents != 0 { _ = read(signals, &byte, 1) }
    }

    /// Returns the exit status when the orderly end has taken too long.
    private static func lastStatus(_ signals: Int32) -> ExitStatus {
        var progress = -1
        while true {
            var second = pollfd(fd: signals, events: Int16(POLLIN), revents: 0)
            let isSecondSignal = poll(&second, 1, stallTimeout) > 0
            guard let work = remainder.withLock({ $0 }) else { return .success }
            let last = progress
            progress = work.progress()
            if isSecondSignal || progress == last { return work.giveUp() }
        }
    }

    private static func isPipe(_ descriptor: Int32) -> Bool {
        isatty(descriptor) == 0 && lseek(descriptor, 0, SEEK_CUR) < 0 && errno == ESPIPE
    }

    // MARK: Signals

    /// The descriptor that the signal handler writes to. Set once, before the handler is installed; read by the handler
    /// only.
    nonisolated(unsafe) private static var wakeUp: Int32 = -1

    /// The descriptor that becomes readable with the first signal.
    private static func catchSignals() throws -> Int32 {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else {
            throw CommandFailure("cannot make a pipe: \(String(cString: strerror(errno)))")
        }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        _ = fcntl(ends[1], F_SETFL, O_NONBLOCK)
        wakeUp = ends[1]
        for number in [SIGINT, SIGTERM] {
            // A signal handler may do no more than a system call.
            signal(number) { _ in
                let reason = errno
                _ = write(Interruption.wakeUp, "!", 1)
                errno = reason
            }
        }
        return ends[0]
    }
}
