import ArgumentParser
import DataFrames
import Foundation
import NIOCore
import Rembus
import RembusServer

struct UpsertCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "upsert",
        abstract: "Put rows into a broker's table.",
        discussion: """
            A row with the same key is updated, others are added; in a table without keys all are added. A column that a row \
            does not have is left as it is, or gets its default in a new row.

            Examples:
              rembus upsert sensor '{"site": "a", "type": "HVAC", "dn": "s1"}'
              rembus upsert sensor '[{"dn": "s1", "site": "b"}, {"dn": "s2", "site": "b", "type": "HVAC"}]'
              rembus upsert sensor --file sensors.csv       # .json, .jsonl, .csv or .arrow
              jq -c .rows report.json | rembus upsert sensor --file -
            """)

    @Argument(help: "The name of the table.")
    var table: String

    @Argument(help: "Rows: JSON objects, or arrays of them.")
    var row: [String] = []

    @Option(
        name: .shortAndLong,
        help: "Take the rows from a file, by its ending (JSON without one); `-` is JSON on standard input.")
    var file: String?

    @Flag(help: "Nulls, and what a row does not have, replace what is there.")
    var nulls = false

    @Option(help: "How long to wait: 500ms, 30s, 10m, … (default: 10s, or the setting request_timeout)")
    var timeout: TimeSpanOption?

    @OptionGroup(title: "Connection")
    var connection: ConnectionOptions

    func validate() throws {
        if table.isEmpty { throw ValidationError("The name of the table is empty.") }
        if row.isEmpty == (file == nil) {
            throw ValidationError(row.isEmpty ? "Give rows, or --file." : "Give rows or --file, not both.")
        }
    }

    func run() async throws {
        let record = try file.map { try RecordFile($0).record() } ?? Self.rows(row)
        let options: [Value] = nulls ? [.map(["nulls": true])] : []
        _ = try await TableCall(connection: connection, timeout: timeout)
            .perform("upsert", on: table, [record] + options)
        let count = record.arrayValue?.count ?? record.dataFrame?.rowCount ?? 0
        try StandardOutput.write("\(count) \(count == 1 ? "row is" : "rows are") in \(quoted(table))\n")
    }

    private static func rows(_ words: [String]) throws -> Value {
        .array(try words.flatMap { try RecordFile.rows(of: $0, in: "the argument \(quoted($0))") })
    }
}

/// The rows of a file, as the record of an upsert (storage.md §6.3).
struct RecordFile {
    private let path: String

    init(_ path: String) {
        self.path = path
    }

    func record() throws -> Value {
        switch FileEnding(of: path)?.text {
        case "jsonl", "ndjson": return .array(try lines())
        case "csv":
            // The table knows the types. Inferred types could lose digits.
            let format = CSVFormat(infersTypes: false)
            return try frame { content throws(DataFrameError) in try DataFrame(csv: content, format: format) }
        case "arrow", "arrows", "ipc":
            return try frame { content throws(DataFrameError) in try DataFrame(arrow: content) }
        case let unknown? where unknown != "json":
            throw FileEnding(text: unknown).isUnknown(
                "--file \(path)", among: ["json", "jsonl", "ndjson", "csv", "arrow", "arrows", "ipc"],
                otherwise: "give JSON on standard input, with --file -")
        default:
            let text = String(buffer: try content())
            return .array(try Self.rows(of: text, in: path == "-" ? "standard input" : path))
        }
    }

    /// The rows in a JSON text: an object is one row, and an array contains several.
    static func rows(of text: String, in place: String) throws -> [Value] {
        let value: Value
        do {
            value = try Value(jsonText: text)
        } catch {
            throw CommandFailure("\(place) is not JSON: \(JSONPlace(in: text).problem)", status: .usage)
        }
        let rows = value.arrayValue ?? [value]
        guard rows.allSatisfy({ $0.mapValue != nil }) else {
            throw CommandFailure(
                "\(place) has something that is no object; a row is {\"column\": value, …}", status: .usage)
        }
        return rows
    }

    private func lines() throws -> [Value] {
        var reader = try LineReader(path: path)
        var rows: [Value] = []
        while let line = try reader.next() {
            if line.allSatisfy(\.isWhitespace) { continue }
            rows += try Self.rows(of: line, in: reader.place)
        }
        return rows
    }

    private func frame(_ read: (ByteBuffer) throws(DataFrameError) -> DataFrame) throws -> Value {
        do {
            return .tagged(80, .bytes(try read(try content()).arrowBuffer()))
        } catch let error as DataFrameError {
            throw CommandFailure("\(path): \(CommandFailure.phrase(error.message))")
        }
    }

    private func content() throws -> ByteBuffer {
        if path == "-" { return ByteBuffer(bytes: FileHandle.standardInput.readDataToEndOfFile()) }
        do {
            return ByteBuffer(bytes: try Data(contentsOf: URL(fileURLWithPath: path)))
        } catch {
            throw CommandFailure("cannot read \(path): \(error.fileReason)")
        }
    }
}
