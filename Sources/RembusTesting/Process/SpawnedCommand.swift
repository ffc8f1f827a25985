#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif
import Foundation
import RembusSupport

/// Starts a command whose output is read, and tells when it has ended.
///
/// Foundation's `Process` takes a process for running as long as one that it has started, or another child of this process, holds
/// its ends of pipes. Here the end is that of the process.
enum SpawnedCommand {
    /// One direction of a pipe, which no other child inherits.
    struct Output {
        let reading: FileHandle
        fileprivate let writing: Int32

        init() throws {
            var ends: [Int32] = [-1, -1]
            guard pipe(&ends) == 0 else { throw Self.failure("cannot make a pipe", errno) }
            for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
            reading = FileHandle(fileDescriptor: ends[0], closeOnDealloc: true)
            writing = ends[1]
        }

        fileprivate static func failure(_ what: String, _ number: Int32) -> TestingError {
            TestingError("\(what): \(String(cString: strerror(number)))")
        }
    }

    /// - Parameter ended: Is called once, on any thread, when the process has ended.
    /// - Returns: The id of the process.
    static func start(
        _ path: String, _ arguments: [String], environment: [String: String], output: Output, errors: Output,
        ended: @escaping @Sendable () -> Void
    ) throws -> Int32 {
        defer {
            close(output.writing)
            close(errors.writing)
        }
        #if canImport(Darwin)
        var actions: posix_spawn_file_actions_t?
        #else
        var actions = posix_spawn_file_actions_t()
        #endif
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, output.writing, STDOUT_FILENO)
        posix_spawn_file_actions_adddup2(&actions, errors.writing, STDERR_FILENO)
        // Sockets of this process must not outlast it in the command.
        for descriptor in OpenDescriptors.all where descriptor > STDERR_FILENO {
            posix_spawn_file_actions_addclose(&actions, descriptor)
        }
        let words = ([path] + arguments).map { strdup($0) } + [nil]
        let variables = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for text in words + variables { free(text) } }
        var identifier: pid_t = 0
        let number = posix_spawn(&identifier, path, &actions, nil, words, variables)
        guard number == 0 else { throw Output.failure("cannot start \(path)", number) }
        let child = identifier
        Thread.detachNewThread {
            var status: Int32 = 0
            while waitpid(child, &status, 0) < 0, errno == EINTR {}
            ended()
        }
        return child
    }
}
