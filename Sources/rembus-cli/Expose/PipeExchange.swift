import Foundation

/// Writes the input of a child process, and reads its output and its errors, all at the same time.
struct PipeExchange {
    enum End {
        /// The child has ended with this wait status.
        case done(Int32)
        case timedOut
        case tooMuchOutput
    }

    let pipes: Pipes
    let input: [UInt8]
    let process: pid_t

    private(set) var output: [UInt8] = []
    private var errorTail: [UInt8] = []
    private var written = 0
    private var chunk = [UInt8](repeating: 0, count: 64 << 10)

    /// The bytes of standard error that are kept for the message to the caller.
    private static let tailBytes = 4096

    /// How often to check whether the child has ended while a process that it has started keeps the pipes open.
    private static let lookInterval = Duration.milliseconds(50)

    init(pipes: Pipes, input: [UInt8], process: pid_t) {
        self.pipes = pipes
        self.input = input
        self.process = process
    }

    mutating func run(until deadline: ContinuousClock.Instant?) -> End {
        while pipes.output.near >= 0 || pipes.errors.near >= 0 {
            let now = ContinuousClock.now
            if let deadline, deadline <= now { return .timedOut }
            let wait = min(deadline.map { $0 - now } ?? Self.lookInterval, Self.lookInterval)
            let isQuiet = !exchange(waiting: wait)
            if output.count > ChildProcess.maxOutputBytes { return .tooMuchOutput }
            // The child has ended, and no output is left. A background process still has the pipes open, but adds
            // nothing.
            if isQuiet, let status = ChildProcess.status(of: process, waits: false) {
                takeRest()
                return .done(status)
            }
        }
        return awaitEnd(until: deadline)
    }

    /// Reads what the child has written between the last read and its end.
    private mutating func takeRest() {
        // Limited, because a background process may go on writing.
        for _ in 0..<1024 where !exchange(waiting: .zero) { return }
    }

    /// The child has closed its output. Usually it ends at the same moment.
    private func awaitEnd(until deadline: ContinuousClock.Instant?) -> End {
        guard let deadline else { return .done(ChildProcess.status(of: process, waits: true) ?? 0) }
        var pause: UInt32 = 100
        while true {
            if let status = ChildProcess.status(of: process, waits: false) { return .done(status) }
            if deadline <= .now { return .timedOut }
            usleep(pause)
            pause = min(pause * 2, 20_000)
        }
    }

    /// Transfers bytes in both directions. Returns false when there was nothing to transfer within the time.
    private mutating func exchange(waiting time: Duration) -> Bool {
        var descriptors = [
            pollfd(fd: pipes.input.near, events: Int16(POLLOUT), revents: 0),
            pollfd(fd: pipes.output.near, events: Int16(POLLIN), revents: 0),
            pollfd(fd: pipes.errors.near, events: Int16(POLLIN), revents: 0),
        ]
        let milliseconds = Int32((time / .milliseconds(1)).rounded(.up))
        guard poll(&descriptors, 3, milliseconds) > 0 else { return false }
        if descriptors[0].revents != 0 { writeInput() }
        if descriptors[1].revents != 0 { readOutput() }
        if descriptors[2].revents != 0 { readErrors() }
        return true
    }

    private mutating func writeInput() {
        let count = input[written...].withUnsafeBytes { write(pipes.input.near, $0.baseAddress, $0.count) }
        if count > 0 { written += count }
        // It is no error if a child does not read its input. Many commands do not.
        let hasFailed = count < 0 && errno != EAGAIN && errno != EINTR
        if hasFailed || written == input.count { pipes.closeInput() }
    }

    private mutating func readOutput() {
        let count = read(pipes.output.near, &chunk, chunk.count)
        if count > 0 { output += chunk[..<count] }
        if Self.isEnd(count) { pipes.closeOutput() }
    }

    /// Reads standard error, and copies it to our own for the person who has started the command.
    private mutating func readErrors() {
        let count = read(pipes.errors.near, &chunk, chunk.count)
        if count > 0 {
            _ = StandardError.write(Array(chunk[..<count]), to: STDERR_FILENO)
            errorTail = Array((errorTail + chunk[..<count]).suffix(Self.tailBytes))
        }
        if Self.isEnd(count) { pipes.closeErrors() }
    }

    private static func isEnd(_ count: Int) -> Bool {
        count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR)
    }

    /// The last non-empty line of standard error.
    var lastErrorLine: String? {
        String(decoding: errorTail, as: UTF8.self)
            .split(whereSeparator: \.isNewline).map { $0.trimmingCharacters(in: .whitespaces) }.last { !$0.isEmpty }
    }
}
