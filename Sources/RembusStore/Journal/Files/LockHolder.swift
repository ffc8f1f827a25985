#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif
import RembusSupport

/// The process that holds the lock of a file.
package struct LockHolder {
    /// The process number that the holder wrote; nil when it wrote none. Inside a container the number may mean another
    /// process.
    package let process: Int32?

    /// For the middle of a sentence: ` (process 4711)`, or nothing.
    package var note: String { process.map { " (process \($0))" } ?? "" }

    /// Looks up the holder without taking the lock or creating the file; nil when the file is not locked.
    package init?(of path: String) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        // The lock is shared and released at once, so two processes that look at the same time do not take each other
        // for the holder.
        guard FileLock.take(descriptor, .shared) == .held else { return nil }
        var bytes = [UInt8](repeating: 0, count: 16)
        let count = read(descriptor, &bytes, bytes.count)
        process = Int32(String(decoding: bytes.prefix(max(0, count)).prefix { $0 != 10 }, as: UTF8.self))
    }
}
