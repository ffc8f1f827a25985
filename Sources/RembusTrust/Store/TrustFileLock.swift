#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif
import RembusSupport

/// Lets one writer at a time change a file, across processes. The lock is the kernel's and ends with the process.
struct TrustFileLock: Sendable {
    /// How long to wait for another writer, in milliseconds. A writer takes a fraction of a second, so one that takes
    /// longer is stuck.
    private static let longestWait = 10_000
    private static let pause = 5

    let path: String

    /// Runs `body` while no other writer runs. Blocks.
    func withLock<R>(_ body: () throws(TrustError) -> R) throws(TrustError) -> R {
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw TrustError("cannot open \(path)", errno: errno) }
        defer { close(descriptor) }
        var waited = 0
        attempts: while true {
            switch FileLock.take(descriptor) {
            case .locked: break attempts
            case .failed(let number): throw TrustError("cannot lock \(path)", errno: number)
            case .held: break
            }
            guard waited < Self.longestWait else {
                throw TrustError("another process keeps \(path) locked; end it and try again")
            }
            usleep(useconds_t(Self.pause * 1000))
            waited += Self.pause
        }
        return try body()
    }
}
