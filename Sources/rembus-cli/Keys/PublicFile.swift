import Foundation
import RembusServer

/// Writes files that everybody may read. They appear complete or not at all.
enum PublicFile {
    /// Writes a text. An existing file is an error, unless `replacing` is set.
    static func write(_ text: String, to file: URL, replacing: Bool) throws(CommandFailure) {
        let temporary = file.deletingLastPathComponent()
            .appendingPathComponent(".\(file.lastPathComponent).\(UInt64.random(in: .min ... .max))")
        let descriptor = open(temporary.path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw failure(file) }
        defer { _ = unlink(temporary.path) }
        let isWritten = StandardError.write(Array(text.utf8), to: descriptor) && fsync(descriptor) == 0
        let reason = errno
        guard close(descriptor) == 0, isWritten else {
            if !isWritten { errno = reason }
            throw failure(file)
        }
        // `link` fails when there is a file, and `rename` replaces it.
        let isThere = replacing ? rename(temporary.path, file.path) : link(temporary.path, file.path)
        guard isThere == 0 else { throw failure(file) }
    }

    /// Makes a folder, and those above it.
    static func makeFolder(_ folder: URL, permissions: Int) throws(CommandFailure) {
        do {
            try FileManager.default.createDirectory(
                at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: permissions])
        } catch {
            throw CommandFailure("cannot make the folder \(folder.path): \(error.fileReason)")
        }
    }

    private static func failure(_ file: URL) -> CommandFailure {
        CommandFailure("cannot write \(file.path): \(String(cString: strerror(errno)))")
    }
}
