import ArgumentParser
import DataFrames
import Foundation
import NIOCore

/// How the rows of a frame are written.
enum FrameFormat: String, CaseIterable, ExpressibleByArgument {
    case table
    case csv
    case json
    case jsonl
    case arrow
    case parquet

    static var names: String { allCases.map(\.rawValue).joined(separator: ", ") }

    /// Rows that a table shows unless told otherwise; more are cut in the middle.
    static let tableRows = 20

    var isBinary: Bool { self == .arrow || self == .parquet }

    /// What was asked for; else what the ending of the file says, jsonl for a file without one; else what suits where the
    /// output goes, by the decision that all commands share. Throws for an ending that says nothing.
    static func resolve(_ choice: FrameFormat?, file: String?) throws(CommandFailure) -> FrameFormat {
        if let choice { return choice }
        guard let file else { return OutputFormat.resolve(nil) == .pretty ? .table : .jsonl }
        guard let ending = FileEnding(of: file) else { return .jsonl }
        if let format = FrameFormat(ending: ending) { return format }
        throw ending.isUnknown(
            "--output \(file)", among: endings.map(\.ending), otherwise: "say the format with --format")
    }

    /// The endings of files, each with its format.
    private static let endings: [(ending: String, format: FrameFormat)] =
        allCases.map { ($0.rawValue, $0) } + [("ndjson", .jsonl), ("arrows", .arrow), ("ipc", .arrow)]

    init?(ending: FileEnding) {
        guard let format = Self.endings.first(where: { $0.ending == ending.text })?.format else { return nil }
        self = format
    }

    /// Writes a frame to a file, or to standard output.
    /// - Parameter rows: How many rows a table shows; 0 for all.
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

/// Where a frame goes, piece by piece.
struct FrameOutput {
    private let file: FileHandle?
    private let path: String

    /// nil is standard output.
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
