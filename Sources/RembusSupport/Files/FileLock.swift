#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// The kernel's lock on an open file. It ends when the file is closed, at the latest with the process.
package enum FileLock {
    /// Whether others may hold the lock too.
    package enum Mode: Sendable {
        case exclusive
        case shared
    }

    /// The outcome of an attempt to take the lock.
    package enum Outcome: Sendable, Equatable {
        case locked
        /// Another process or descriptor holds the lock.
        case held
        /// The file cannot be locked, for example because the file system has no locks. The value is the system's error
        /// number.
        case failed(Int32)
    }

    /// Takes the lock if it is free. If this descriptor holds it, its mode is changed.
    package static func take(_ descriptor: Int32, _ mode: Mode = .exclusive) -> Outcome {
        attempt(descriptor, mode.operation | LOCK_NB)
    }

    /// Takes the lock, and waits for it without a limit. Blocks.
    package static func wait(_ descriptor: Int32, _ mode: Mode = .exclusive) -> Outcome {
        attempt(descriptor, mode.operation)
    }

    private static func attempt(_ descriptor: Int32, _ operation: Int32) -> Outcome {
        while flock(descriptor, operation) != 0 {
            switch errno {
            case EINTR: continue
            case EWOULDBLOCK: return .held
            default: return .failed(errno)
            }
        }
        return .locked
    }
}

extension FileLock.Mode {
    fileprivate var operation: Int32 { self == .exclusive ? LOCK_EX : LOCK_SH }
}
