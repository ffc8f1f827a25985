#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// The kernel's lock of an open file. It ends when the file is closed, and so with the process at the latest.
package enum FileLock {
    /// Whether others may hold the lock too.
    package enum Mode: Sendable {
        case exclusive
        case shared
    }

    /// What became of an attempt.
    package enum Outcome: Sendable, Equatable {
        case locked
        /// Somebody else holds it.
        case held
        /// It cannot be locked, for example because the file system has no locks; the system's error number.
        case failed(Int32)
    }

    /// Takes the lock if it is free; one that this descriptor holds changes its mode.
    package static func take(_ descriptor: Int32, _ mode: Mode = .exclusive) -> Outcome {
        attempt(descriptor, mode.operation | LOCK_NB)
    }

    /// Takes the lock, however long somebody else has it. Blocks.
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
