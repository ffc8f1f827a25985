import CArrowData
import DataFrames
import Foundation
import NIOCore

/// Reads Arrow streams, does something with their frames and writes them again, for as long as there are requests.
///
/// A request on standard input is a line with what to do and the size of the stream, and the stream; an answer on
/// standard output is a line with `ok` or `error` and a size, and a stream or a message. The tests in
/// `Tests/DataFrames` ask: what comes out must be, for other libraries, what went in.
@main
struct FrameProbe {
    static func main() throws {
        while let line = line() {
            let words = line.split(separator: " ").map(String.init)
            guard let size = words.last.flatMap({ Int($0) }) else { break }
            let (status, answer) = handle(Array(words.dropLast()), input(size))
            let output = FileHandle.standardOutput
            try output.write(contentsOf: Data("\(status) \(answer.count)\n".utf8))
            try output.write(contentsOf: answer)
        }
    }

    /// The next `size` bytes of the input, or fewer at its end.
    private static func input(_ size: Int) -> ByteBuffer {
        var buffer = ByteBuffer()
        buffer.reserveCapacity(size)
        while buffer.readableBytes < size {
            guard let part = try? FileHandle.standardInput.read(upToCount: size - buffer.readableBytes), !part.isEmpty
            else { break }
            buffer.writeBytes(part)
        }
        return buffer
    }

    /// The next line, read byte by byte, as what comes behind it is not to be read yet.
    private static func line() -> String? {
        var bytes: [UInt8] = []
        while let byte = input(1).readableBytesView.first, byte != UInt8(ascii: "\n") { bytes.append(byte) }
        return bytes.isEmpty ? nil : String(decoding: bytes, as: UTF8.self)
    }

    private static func handle(_ arguments: [String], _ stream: ByteBuffer) -> (status: String, answer: Data) {
        var stream = stream
        if arguments.first == "misaligned" {
            stream = ByteBuffer(bytes: [0] + stream.readableBytesView)
            stream.moveReaderIndex(forwardBy: 1)
        }
        do {
            let frame = try DataFrame(arrow: stream)
            if arguments.first == "describe" { return ("ok", Data(describe(frame).utf8)) }
            return ("ok", Data(try change(frame, arguments).arrowBuffer().readableBytesView))
        } catch let error as DataFrameError {
            return ("error", Data("\(error.code): \(error)".utf8))
        } catch {
            return ("error", Data("\(error)".utf8))
        }
    }

    private static func change(_ frame: DataFrame, _ arguments: [String]) throws -> DataFrame {
        let numbers = arguments.dropFirst().compactMap { Int($0) }
        switch arguments.first {
        case "rewrite", "misaligned": return frame
        case "rebuild": return try map(frame) { try rebuilt($0) }
        case "combine": return try map(frame) { try Column($0.field, arrays: [$0.combined()]) }
        case "slice": return frame.slice(numbers[0]..<min(numbers[1], frame.rowCount))
        case "pieces": return try pieces(frame, of: numbers[0])
        case "stream":
            var stream = ArrowArrayStream()
            frame.export(to: &stream)
            return try DataFrame(importing: &stream)
        default: throw DataFrameError(.value, "unknown mode \(arguments)")
        }
    }

    private static func map(_ frame: DataFrame, _ change: (Column) throws -> Column) throws -> DataFrame {
        try DataFrame(columns: frame.columns.map(change), metadata: frame.metadata)
    }

    /// The same values, each read and appended one by one.
    private static func rebuilt(_ column: Column) throws -> Column {
        let builder = ArrayBuilder(column.type)
        for cell in column.cells { try builder.append(cell ?? .null) }
        return try Column(column.field, arrays: [builder.finish()])
    }

    /// The frame in chunks of `size` rows, each a slice.
    private static func pieces(_ frame: DataFrame, of size: Int) throws -> DataFrame {
        let starts = stride(from: 0, to: frame.rowCount, by: size)
        let parts = starts.map { frame.slice($0..<min($0 + size, frame.rowCount)) }
        return parts.isEmpty ? frame : try DataFrame(concatenating: parts)
    }

    private static func describe(_ frame: DataFrame) -> String {
        let rows = (0..<frame.rowCount).map { row in
            frame.columns.map { "\($0.cell(row))" }.joined(separator: " | ")
        }
        return ([frame.schema.description] + rows).joined(separator: "\n")
    }
}
