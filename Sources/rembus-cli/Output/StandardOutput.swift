import Foundation
import Rembus
import Synchronization

/// Nobody reads standard output any more.
struct OutputClosed: Error {}

/// Standard output without a buffer of its own: what is written is there at once, for pipes too.
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

/// Messages to the person at the terminal.
enum StandardError {
    /// Whether the last line shows how far something is, and gives way to every other one.
    static let hasProgress = Atomic(false)

    /// One line that begins with the name of the program.
    static func say(_ text: String) {
        clearProgress()
        write("rembus: \(text)")
    }

    /// A line as it is.
    static func write(_ line: String) {
        _ = write(Array("\(line)\n".utf8), to: STDERR_FILENO)
    }

    // MARK: Progress

    /// Shows how far something is on a terminal's last line, in the place of what was shown before.
    static func show(progress text: String) {
        hasProgress.store(true, ordering: .relaxed)
        _ = write(Array("\r\(text)\u{1B}[K".utf8), to: STDERR_FILENO)
    }

    static func clearProgress() {
        guard hasProgress.exchange(false, ordering: .relaxed) else { return }
        _ = write(Array("\r\u{1B}[K".utf8), to: STDERR_FILENO)
    }

    /// Says so when a secret is about to cross the network unencrypted.
    static func warn(ifReadableByOthers url: RembusURL, _ secret: String) {
        guard url.isReadableByOthers else { return }
        say(
            "warning: the \(secret) goes to \(url.host) unencrypted; with wss:// or tls:// nobody on the way can read it"
        )
    }

    /// Writes everything; false when that fails, with the reason in `errno`.
    static func write(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
        bytes.withUnsafeBytes { bytes in
            var offset = 0
            while offset < bytes.count, let base = bytes.baseAddress {
                let count = Foundation.write(descriptor, base + offset, bytes.count - offset)
                if count >= 0 {
                    offset += count
                } else if errno == EAGAIN {
                    // Another process can have made a shared terminal non-blocking.
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
