#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif
import NIOCore
import Synchronization

/// Ends the wait of a socket's thread, from any thread.
final class WakeUp: Sendable {
    /// A descriptor for poll, readable when the thread was woken.
    let descriptor: Int32
    private let input: Int32
    private let isRung = Atomic<Bool>(false)

    init() throws {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw IOError(errnoCode: errno, reason: "pipe") }
        (descriptor, input) = (ends[0], ends[1])
        for end in ends {
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
        }
    }

    deinit {
        close(descriptor)
        close(input)
    }

    /// Wakes the thread. A system call is needed only when the thread has noticed the last wake-up.
    func ring() {
        guard !isRung.exchange(true, ordering: .acquiringAndReleasing) else { return }
        var byte: UInt8 = 1
        _ = write(input, &byte, 1)
    }

    /// Takes notice of wake-ups. What was requested before this call is visible after it.
    func quiet() {
        var bytes: (UInt64, UInt64) = (0, 0)
        _ = withUnsafeMutableBytes(of: &bytes) { read(descriptor, $0.baseAddress, $0.count) }
        _ = isRung.exchange(false, ordering: .acquiringAndReleasing)
    }
}
