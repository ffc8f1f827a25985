import Foundation
import Rembus
import Synchronization

/// Thrown when nobody reads standard output any more.
struct OutputClosed: Error {}

/// Standard output without buffering, so that output appears at once, in pipes too.
enum StandardOutput {
    static func write(_ text: String) throws {
        try write(Array(text.utf8))
    }

    static func write(_ bytes: [UInt8]) throws {
        guard StandardError.write(bytes, to: STDOUT_FILENO) else {
            if errno == EPIPE { throw OutputClosed() }
            throw CommandFailure("cannot write to standard output: \(String(cString: strerror(errno)))")
        }
    }
}

/// Messages for the person at the terminal.
enum StandardError {
    /// Whether the last line shows progress. Every other line replaces it.
    static let hasProgress = Atomic(false)

    /// Prints a line that begins with the name of the program.
    static func say(_ text: String) {
        clearProgress()
        write("rembus: \(text)")
    }

    /// Prints a line as it is.
    static func write(_ line: String) {
        _ = write(Array("\(line)\n".utf8), to: STDERR_FILENO)
    }

    // MARK: Progress

    /// Shows progress in the terminal's last line, in place of what it showed before.
    static func show(progress text: String) {
        hasProgress.store(true, ordering: .relaxed)
        _ = write(Array("\r\(text)\u{1B}[K".utf8), to: STDERR_FILENO)
    }

    static func clearProgress() {
        guard hasProgress.exchange(false, ordering: .relaxed) else { return }
        _ = write(Array("\r\u{1B}[K".utf8), to: STDERR_FILENO)
    }

    /// Warns when a secret is about to be sent without encryption.
    static func warn(ifReadableByOthers url: RembusURL, _ secret: String) {
        guard url.isReadableByOthers else { return }
        say(
            "warning: the \(secret) goes to \(url.host) unencrypted; with wss:// or tls:// nobody on the way can read it"
        )
    }

    /// Writes all bytes. Returns false on failure, with the reason in `errno`.
    static func write(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
        bytes.withUnsafeBytes { bytes in
            var offset = 0
            while offset < bytes.count, let base = bytes.baseAddress {
                let count = Foundation.write(descriptor, base + offset, bytes.count - offset)
                if count >= 0 {
                    offset += count
                } else if errno == EAGAIN {
                    // Another process may have made a shared terminal non-blocking.
                    var waiting = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                    _ = poll(&waiting, 1, -1)
                } else if errno != EINTR {
                    return false
                }
            }
            return true
        }
    }
}
