import CArrowData
import CDuckDB
import CDuckDBLoader
import DataFrames

/// Makes a dataframe from a result whose rows are still to come, through Arrow's C data interface: one piece for each
/// chunk of at most 2048 rows. A chunk is released before the next one is made, so that its memory is reused.
struct FrameReader {
    private let columns: [QueryResult.Column]
    private let schema: Schema
    private var options: duckdb_arrow_options?
    private var structures: [ArrayData] = []
    private var rowCount = 0
    /// The bytes per row, measured at the beginning and assumed for the rest.
    private var bytesPerRow = 0.0
    /// The bytes of all texts and blobs so far.
    private var textBytes = 0
    private let maximumBytes: Int

    /// Reads the schema. `close()` must be called at the end.
    init(_ result: inout duckdb_result, names: [String]?, maximumBytes: Int) throws(LakeError) {
        self.maximumBytes = maximumBytes
        let own = QueryResult.columns(of: &result)
        columns = names?.count == own.count ? zip(own, names ?? []).map { .init(name: $1, type: $0.type) } : own
        var options = duckdb_result_get_arrow_options(&result)
        do {
            schema = try Self.schema(columns, options)
            self.options = options
        } catch {
            duckdb_destroy_arrow_options(&options)
            throw error
        }
    }

    mutating func close() {
        duckdb_destroy_arrow_options(&options)
    }

    /// Reads all rows. Returns early, without an error, when DuckDB fails; the error is in the result then.
    mutating func read(_ result: duckdb_result) throws(LakeError) {
        while let chunk = duckdb_fetch_chunk(result) {
            var owned: duckdb_data_chunk? = chunk
            defer { duckdb_destroy_data_chunk(&owned) }
            rowCount += Int(duckdb_data_chunk_get_size(chunk))
            measure(chunk)
            // Of a dataframe that is too large, only the rows are counted, without copying values.
            guard !isTooLarge else {
                structures = []
                continue
            }
            try take(chunk)
            if structures.count & (structures.count - 1) == 0 { try measure() }
        }
    }

    /// The dataframe. Throws when it is too large.
    func frame() throws(LakeError) -> DataFrame {
        if isTooLarge { throw tooLarge(max(textBytes, Int(bytesPerRow * Double(rowCount)))) }
        let frame = try makeFrame()
        let size = maximumBytes == .max ? 0 : frame.arrowByteCount
        if size > maximumBytes { throw tooLarge(size) }
        return frame
    }

    private var isTooLarge: Bool {
        // A dataframe has its texts as they are, and at least one byte for eight values.
        textBytes > maximumBytes || bytesPerRow * Double(rowCount) > Double(maximumBytes) * 1.1
    }

    private mutating func measure(_ chunk: duckdb_data_chunk) {
        guard maximumBytes < .max else { return }
        let rows = Int(duckdb_data_chunk_get_size(chunk))
        for (index, column) in columns.enumerated() {
            textBytes += VectorBytes.texts(duckdb_data_chunk_get_vector(chunk, idx_t(index)), column.type, rows: rows)
        }
    }

    private mutating func take(_ chunk: duckdb_data_chunk) throws(LakeError) {
        var array = ArrowArray()
        let failure = rembus_duckdb_chunk_to_arrow(options, chunk, &array)
        if let error = LakeError(consuming: OpaqueError.take(failure)) { throw error }
        structures.append(
            try LakeError.wrapping { () throws(DataFrameError) in
                try ArrayData.importing(&array, .structure(schema.fields))
            })
    }

    private mutating func measure() throws(LakeError) {
        guard maximumBytes < .max, rowCount > 0 else { return }
        bytesPerRow = try Double(makeFrame().arrowByteCount) / Double(rowCount)
    }

    private func makeFrame() throws(LakeError) -> DataFrame {
        try LakeError.wrapping { () throws(DataFrameError) in try DataFrame(schema: schema, structures: structures) }
    }

    private func tooLarge(_ size: Int) -> LakeError {
        let fitting = Int(Double(rowCount) * Double(maximumBytes) / Double(max(1, size)) * 0.95)
        return LakeError(
            .tooLarge,
            "the result has \(rowCount) rows and about \(size) bytes, and an answer may have \(maximumBytes) bytes: ask for"
                + " less with where, cols or limit (limit \(fitting) would fit)")
    }

    private static func schema(
        _ columns: [QueryResult.Column], _ options: duckdb_arrow_options?
    ) throws(LakeError) -> Schema {
        var description = ArrowSchema()
        defer { description.release?(&description) }
        var types = columns.map(\.type.handle)
        let failure = CStrings.with(columns.map(\.name)) { names in
            rembus_duckdb_to_arrow_schema(options, &types, names, columns.count, &description)
        }
        if let error = LakeError(consuming: OpaqueError.take(failure)) { throw error }
        var schema = try LakeError.wrapping { () throws(DataFrameError) in try Schema(importing: &description) }
        for index in schema.fields.indices { schema.fields[index].type = schema.fields[index].type.named }
        return schema
    }
}

extension DataType {
    /// The type with a name for every field of a structure. Fields without a name, as in the results of `row(1, 2)` and
    /// `list_zip(a, b)`, get their position from 1 on, because Polars cannot read them otherwise.
    fileprivate var named: DataType {
        switch self {
        case .list(let field): .list(field.named)
        case .largeList(let field): .largeList(field.named)
        case .fixedSizeList(let field, let count): .fixedSizeList(field.named, count: count)
        case .map(let field, let keysSorted): .map(field.named, keysSorted: keysSorted)
        case .structure(let fields):
            .structure(
                fields.enumerated().map { index, field in
                    var field = field.named
                    if field.name.isEmpty { field.name = "\(index + 1)" }
                    return field
                })
        default: self
        }
    }
}

extension Field {
    fileprivate var named: Field {
        var field = self
        field.type = type.named
        return field
    }
}

/// DuckDB's error objects, which its Arrow functions return as untyped pointers.
enum OpaqueError {
    static func take(_ pointer: UnsafeMutableRawPointer?) -> duckdb_error_data? {
        pointer?.assumingMemoryBound(to: _duckdb_error_data.self)
    }
}

extension LakeError {
    /// Runs `body` and converts its error.
    static func wrapping<Result>(_ body: () throws(DataFrameError) -> Result) throws(LakeError) -> Result {
        do {
            return try body()
        } catch {
            throw LakeError(.conversion, "\(error)")
        }
    }
}
