import Foundation
import RembusSupport
import Synchronization

/// A command whose input comes from memory and whose output is collected, with limits on time and bytes.
///
/// One thread serves all three pipes with `poll`, so that neither side waits for the other for ever, however much is
/// written. The command leads a process group of its own, so that everything that it has started can be ended with it.
struct ChildProcess: Sendable {
    enum Ending: Equatable {
        case exited(Int32)
        case killed(Int32)
        case timedOut
        case tooMuchOutput
    }

    struct Outcome {
        var ending: Ending
        var output: [UInt8]
        /// The last non-empty line of standard error.
        var lastErrorLine: String?
    }

    var executable: String
    /// The name of the command and its arguments.
    var words: [String]
    /// Variables in addition to the environment of this process.
    var environment: [String: String]
    var input: [UInt8]
    /// The time limit; nil for none.
    var timeout: Duration?

    /// A pipe is marked to be closed on exec a moment after it is made. No other command may start in between.
    private static let starting = Mutex(())

    /// The most bytes of output, which fit one message.
    static let maxOutputBytes = 60 << 20

    /// Runs the command and blocks until it has ended. `started` and `ended` report the process, which may be killed in
    /// between.
    ///
    /// Throws ``CommandFailure`` when it cannot be started.
    func run(started: (pid_t) -> Void, ended: (pid_t) -> Void) throws -> Outcome {
        let (pipes, process) = try Self.starting.withLock { _ in
            let pipes = try Pipes()
            return (pipes, try spawn(pipes))
        }
        started(process)
        pipes.closeFarEnds()
        var exchange = PipeExchange(pipes: pipes, input: input, process: process)
        let end = exchange.run(until: timeout.map { ContinuousClock.now + $0 })
        pipes.closeNearEnds()
        let ending: Ending
        switch end {
        case .done(let status): ending = Self.ending(status)
        case .timedOut:
            Self.end(process)
            ending = .timedOut
        case .tooMuchOutput:
            Self.end(process)
            ending = .tooMuchOutput
        }
        // From here on the id may belong to another process.
        ended(process)
        return Outcome(ending: ending, output: exchange.output, lastErrorLine: exchange.lastErrorLine)
    }

    /// Ends a process and all that it has started, first with SIGTERM, and takes its status so that no zombie is left.
    private static func end(_ process: pid_t) {
        kill(-process, SIGTERM)
        for _ in 0..<40 {
            if status(of: process, waits: false) != nil {
                kill(-process, SIGKILL)
                return
            }
            usleep(50_000)
        }
        kill(-process, SIGKILL)
        _ = status(of: process, waits: true)
    }

    /// The wait status of a process that has ended; nil while it runs.
    static func status(of process: pid_t, waits: Bool) -> Int32? {
        var status: Int32 = 0
        while true {
            let result = waitpid(process, &status, waits ? 0 : WNOHANG)
            if result == process { return status }
            if result < 0, errno == EINTR { continue }
            // The process is gone, so another thread has taken its status, which is not known here.
            return result < 0 ? 0 : nil
        }
    }

    private static func ending(_ status: Int32) -> Ending {
        let signal = status & 0x7F
        return signal == 0 ? .exited((status >> 8) & 0xFF) : .killed(signal)
    }

    // MARK: Start

    private func spawn(_ pipes: Pipes) throws -> pid_t {
        #if canImport(Darwin)
        var actions: posix_spawn_file_actions_t?
        var attributes: posix_spawnattr_t?
        #else
        var actions = posix_spawn_file_actions_t()
        var attributes = posix_spawnattr_t()
        #endif
        posix_spawn_file_actions_init(&actions)
        posix_spawnattr_init(&attributes)
        defer {
            posix_spawn_file_actions_destroy(&actions)
            posix_spawnattr_destroy(&attributes)
        }
        posix_spawn_file_actions_adddup2(&actions, pipes.input.far, STDIN_FILENO)
        posix_spawn_file_actions_adddup2(&actions, pipes.output.far, STDOUT_FILENO)
        posix_spawn_file_actions_adddup2(&actions, pipes.errors.far, STDERR_FILENO)
        // The connection to the broker would stay open as long as anything that the command leaves running.
        for descriptor in OpenDescriptors.all where descriptor > STDERR_FILENO {
            posix_spawn_file_actions_addclose(&actions, descriptor)
        }
        // This process ignores these signals, but a command expects their default behaviour.
        var signals = sigset_t()
        sigemptyset(&signals)
        for number in [SIGPIPE, SIGINT, SIGTERM] { sigaddset(&signals, number) }
        posix_spawnattr_setsigdefault(&attributes, &signals)
        var mask = sigset_t()
        sigemptyset(&mask)
        posix_spawnattr_setsigmask(&attributes, &mask)
        posix_spawnattr_setpgroup(&attributes, 0)
        let flags = Int32(POSIX_SPAWN_SETSIGDEF) | Int32(POSIX_SPAWN_SETSIGMASK) | Int32(POSIX_SPAWN_SETPGROUP)
        posix_spawnattr_setflags(&attributes, Int16(flags))

        let merged = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        var process: pid_t = 0
        let code = withCStrings(words) { arguments in
            withCStrings(merged.map { "\($0.key)=\($0.value)" }) { variables in
                posix_spawn(&process, executable, &actions, &attributes, arguments, variables)
            }
        }
        guard code == 0 else {
            throw CommandFailure("cannot run \(executable): \(String(cString: strerror(code)))")
        }
        return process
    }
}

/// Calls `body` with a null-terminated array of C strings.
private func withCStrings<R>(
    _ strings: [String], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> R
) -> R {
    var pointers = strings.map { strdup($0) } + [nil]
    defer { for pointer in pointers { free(pointer) } }
    return pointers.withUnsafeMutableBufferPointer { buffer in
        // The array has at least its terminator, so there is a base address.
        body(UnsafePointer(buffer.baseAddress.unsafelyUnwrapped))
    }
}
