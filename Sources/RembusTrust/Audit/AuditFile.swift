import Foundation

/// The file of an audit log and the older ones, of which `audit.log.1` is the newest. Used on one thread.
struct AuditFile: ~Copyable {
    private let path: String
    private let maximumBytes: Int
    private let files: Int
    private var descriptor: CInt = -1
    private var size = 0
    private var stamp: (device: dev_t, inode: ino_t)?

    /// - Parameter files: The number of files, at least one.
    init(path: String, maximumBytes: Int, files: Int) {
        self.path = path
        self.maximumBytes = max(maximumBytes, 1)
        self.files = max(files, 1)
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
    }

    /// Closes the file. The next write opens it again.
    mutating func end() {
        if descriptor >= 0 { close(descriptor) }
        descriptor = -1
    }

    /// Writes complete lines. Begins a new file before a line that would make the file too large.
    ///
    /// - Throws: ``TrustError``; some of the lines may have been written.
    mutating func write(_ lines: [[UInt8]]) throws(TrustError) {
        try openIfNeeded()
        var block: [UInt8] = []
        for line in lines {
            if size + block.count > 0, size + block.count + line.count + 1 > maximumBytes {
                try write(&block)
                try rotate()
            }
            block += line
            block.append(UInt8(ascii: "\n"))
        }
        try write(&block)
    }

    private mutating func write(_ block: inout [UInt8]) throws(TrustError) {
        var written = 0
        while written < block.count {
            let count = block.withUnsafeBytes {
                Foundation.write(descriptor, $0.baseAddress! + written, $0.count - written)
            }
            guard count >= 0 else {
                if errno == EINTR { continue }
                // A partial line is removed, because the next one would continue it.
                ftruncate(descriptor, off_t(size))
                throw TrustError("cannot write \(path)", errno: errno)
            }
            written += count
        }
        size += written
        block.removeAll(keepingCapacity: true)
    }

    /// Opens the file, and opens it again when the open one was moved away.
    private mutating func openIfNeeded() throws(TrustError) {
        var status = stat()
        if descriptor >= 0 {
            if stat(path, &status) == 0, let stamp, (status.st_dev, status.st_ino) == stamp { return }
            close(descriptor)
        }
        descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0o600)
        guard descriptor >= 0 else { throw TrustError("cannot open \(path)", errno: errno) }
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            descriptor = -1
            throw TrustError("\(path) is no plain file")
        }
        fchmod(descriptor, 0o600)
        (size, stamp) = (Int(status.st_size), (status.st_dev, status.st_ino))
        if size > 0 { try endTornLine() }
    }

    /// Ends a partial line, which a crash may have left.
    private mutating func endTornLine() throws(TrustError) {
        guard let handle = FileHandle(forReadingAtPath: path), (try? handle.seek(toOffset: UInt64(size - 1))) != nil,
            let last = try? handle.read(upToCount: 1), last != Data([UInt8(ascii: "\n")])
        else { return }
        var end = [UInt8(ascii: "\n")]
        try write(&end)
    }

    private mutating func rotate() throws(TrustError) {
        close(descriptor)
        descriptor = -1
        if files == 1 {
            unlink(path)
        } else {
            for number in stride(from: files - 1, to: 1, by: -1) {
                rename("\(path).\(number - 1)", "\(path).\(number)")
            }
            rename(path, "\(path).1")
        }
        try openIfNeeded()
    }
}
