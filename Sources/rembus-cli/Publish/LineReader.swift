import Foundation

/// Reads a file or standard input line by line, each as soon as it is complete.
struct LineReader {
    /// The source of the lines, for messages.
    let source: String
    /// The number of the last line that was read.
    private(set) var line = 0
    private let handle: FileHandle
    private var buffer: [UInt8] = []
    private var isAtEnd = false

    /// The longest line in bytes, which fits one message.
    private static let limit = 60 << 20

    /// Opens a file; `-` is standard input.
    init(path: String) throws(CommandFailure) {
        source = path == "-" ? "standard input" : path
        if path == "-" {
            handle = .standardInput
        } else {
            let descriptor = open(path, O_RDONLY | O_CLOEXEC)
            guard descriptor >= 0 else {
                throw CommandFailure("cannot read \(path): \(String(cString: strerror(errno)))")
            }
            handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        }
    }

    /// Returns the next line without its line end; nil at the end.
    mutating func next() throws(CommandFailure) -> String? {
        var searched = 0
        line += 1
        while true {
            if let end = buffer[searched...].firstIndex(of: UInt8(ascii: "\n")) {
                defer { buffer.removeSubrange(...end) }
                return try text(buffer[..<end])
            }
            searched = buffer.count
            if isAtEnd {
                guard !buffer.isEmpty else { return nil }
                defer { buffer = [] }
                return try text(buffer[...])
            }
            guard searched <= Self.limit else { throw CommandFailure("\(place) has more than 60 MiB") }
            try fill()
        }
    }

    /// The number of non-empty lines of a file; nil when it is not a regular file, or cannot be read.
    static func count(_ path: String) -> Int? {
        let file = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
        let kind = try? FileManager.default.attributesOfItem(atPath: file)[.type] as? FileAttributeType
        guard kind == .typeRegular else { return nil }
        let descriptor = open(file, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var chunk = [UInt8](repeating: 0, count: 1 << 20)
        var (lines, hasContent) = (0, false)
        while true {
            let count = Foundation.read(descriptor, &chunk, chunk.count)
            guard count > 0 else { return count < 0 ? nil : lines + (hasContent ? 1 : 0) }
            for byte in chunk[..<count] {
                if byte == UInt8(ascii: "\n") {
                    if hasContent { lines += 1 }
                    hasContent = false
                } else if byte != UInt8(ascii: " "), !(9...13).contains(byte) {
                    hasContent = true
                }
            }
        }
    }

    private mutating func fill() throws(CommandFailure) {
        var chunk = [UInt8](repeating: 0, count: 64 << 10)
        let count = read(handle.fileDescriptor, &chunk, chunk.count)
        if count > 0 {
            buffer += chunk[..<count]
        } else if count == 0 {
            isAtEnd = true
        } else if errno != EINTR {
            throw CommandFailure("cannot read \(source): \(String(cString: strerror(errno)))")
        }
    }

    /// The place of the last line that was read, for messages.
    var place: String { "\(source), line \(line)," }

    private func text(_ line: ArraySlice<UInt8>) throws(CommandFailure) -> String {
        guard let text = String(validating: line, as: UTF8.self) else {
            throw CommandFailure("\(place) is not UTF-8")
        }
        return text.hasSuffix("\r") ? String(text.dropLast()) : text
    }
}
