import NIOCore
import RembusWire

@testable import RembusTables

/// A batch of one table that publications are sent to, and its rows as text.
struct BatchTester {
    let schema: StoreSchema
    let matcher: TableMatcher
    let batch: TableBatch
    private var time: UInt64 = 0

    init(_ schema: StoreSchema, table: Int) {
        self.schema = schema
        matcher = TableMatcher(schema)
        batch = TableBatch(schema.tables[table])
    }

    /// A table `x` with some columns.
    init(columns: String, rest: String = "") throws {
        let json = #"{"tables": [{"table": "x", "columns": [\#(columns)]\#(rest.isEmpty ? "" : ", " + rest)}]}"#
        self.init(try StoreSchema(json: ByteBuffer(string: json), file: "test"), table: 0)
    }

    /// Appends arguments; each gets the next receive time, from 1.
    mutating func publish(_ topic: String, _ arguments: [Value], slot: UInt32? = nil) -> RowOutcome {
        append(topic, Array(Sample.cbor(.array(arguments)).readableBytesView), slot: slot)
    }

    /// Appends an argument array as it is.
    mutating func append(_ topic: String, _ arguments: [UInt8], slot: UInt32? = nil) -> RowOutcome {
        guard let match = matcher.match(topic) else { return .rejected(RejectReason(.malformed, "no table")) }
        time += 1
        return arguments.withUnsafeBytes {
            batch.append(arguments: $0, match: match, receivedAt: time, slot: slot)
        }
    }

    /// The cells of each row with `|` between, `-` for null.
    var rows: [String] {
        (0..<batch.rowCount).map { row in
            zip(batch.columns, batch.table.allColumns).map { column, schema in
                Sample.text(column, row, schema.type) ?? "-"
            }.joined(separator: "|")
        }
    }
}

extension RowOutcome {
    /// Why it was rejected, nil when it was not.
    var code: RejectReason.Code? {
        if case .rejected(let reason) = self { reason.code } else { nil }
    }

    var message: String? {
        if case .rejected(let reason) = self { reason.message } else { nil }
    }
}
