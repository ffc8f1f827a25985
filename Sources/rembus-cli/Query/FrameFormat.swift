import ArgumentParser
import DataFrames
import Foundation
import NIOCore

/// The format of a dataframe's rows.
enum FrameFormat: String, CaseIterable, ExpressibleByArgument {
    case table
    case csv
    case json
    case jsonl
    case arrow
    case parquet

    static var names: String { allCases.map(\.rawValue).joined(separator: ", ") }

    /// The rows of a table without an option. If there are more, those in the middle are left out.
    static let tableRows = 20

    var isBinary: Bool { self == .arrow || self == .parquet }

    /// The chosen format. Without one, it is that of the file's ending, or jsonl for a file without an ending. Without
    /// a file, it is the one that suits the output, as for other commands. Throws for an unknown ending.
    static func resolve(_ choice: FrameFormat?, file: String?) throws(CommandFailure) -> FrameFormat {
        if let choice { return choice }
        guard let file else { return OutputFormat.resolve(nil) == .pretty ? .table : .jsonl }
        guard let ending = FileEnding(of: file) else { return .jsonl }
        if let format = FrameFormat(ending: ending) { return format }
        throw ending.isUnknown(
            "--output \(file)", among: endings.map(\.ending), otherwise: "say the format with --format")
    }

    /// The file endings with their formats.
    private static let endings: [(ending: String, format: FrameFormat)] =
        allCases.map { ($0.rawValue, $0) } + [("ndjson", .jsonl), ("arrows", .arrow), ("ipc", .arrow)]

    init?(ending: FileEnding) {
        guard let format = Self.endings.first(where: { $0.ending == ending.text })?.format else { return nil }
        self = format
    }

    /// Writes a dataframe to a file or to standard output.
    /// - Parameter rows: The rows that a table shows; 0 for all.
    func write(_ frame: DataFrame, to file: String?, rows: Int) throws {
        if self == .parquet { return try ParquetFile.write(frame, to: file ?? "") }
        let output = try FrameOutput(file)
        switch self {
        case .table:
            let width = file == nil && Terminal.isOutput ? Terminal.width : nil
            let text = frame.formatted(
                maxRows: rows > 0 ? rows : .max, maxColumns: width == nil ? .max : 64, width: width)
            try output.write(ByteBuffer(string: text + "\n"))
        case .csv: try frame.writeCSV { try output.write($0) }
        case .json: try frame.writeJSON { piece throws(CommandFailure) in try output.write(piece) }
        case .jsonl: try frame.writeJSON(form: .lines) { piece throws(CommandFailure) in try output.write(piece) }
        case .arrow, .parquet:
            do {
                try output.write(try frame.arrowBuffer())
            } catch let error as DataFrameError {
                throw CommandFailure("the frame cannot be written: \(CommandFailure.phrase(error.message))")
            }
        }
        if self == .json { try output.write(ByteBuffer(string: "\n")) }
    }
}

/// The output of a dataframe, which is written in parts.
struct FrameOutput {
    private let file: FileHandle?
    private let path: String

    /// Opens a file; nil for standard output.
    init(_ path: String?) throws(CommandFailure) {
        self.path = path ?? "standard output"
        guard let path else {
            file = nil
            return
        }
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else {
            throw CommandFailure("cannot write \(path): \(String(cString: strerror(errno)))")
        }
        file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    }

    func write(_ piece: ByteBuffer) throws(CommandFailure) {
        let descriptor = file?.fileDescriptor ?? STDOUT_FILENO
        guard StandardError.write(Array(piece.readableBytesView), to: descriptor) else {
            if file == nil, errno == EPIPE { return }
            throw CommandFailure("cannot write \(path): \(String(cString: strerror(errno)))")
        }
    }
}
