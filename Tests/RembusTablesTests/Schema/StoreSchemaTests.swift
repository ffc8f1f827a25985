import NIOCore
import RembusWire
import Testing

@testable import RembusTables

@Suite struct StoreSchemaTests {
    @Test func readsTheExampleOfTheProjectPage() throws {
        let schema = try StoreSchema(json: ByteBuffer(string: Example.json), file: "schema.json")
        #expect(schema.notices.isEmpty)
        #expect(schema.tables.map(\.name) == ["sensor", "telemetry"])
        let (sensor, telemetry) = (schema.tables[0], schema.tables[1])
        #expect(sensor.topic == ":site/:type/:dn/sensor")
        #expect(sensor.keys == [2])
        #expect(sensor.columns.map(\.isNullable) == [false, false, true])
        #expect(sensor.allColumns.map(\.name) == ["site", "type", "dn"])
        #expect(sensor.receivedAtColumn == nil)
        #expect(sensor.slotColumn == nil)
        #expect(telemetry.keys.isEmpty)
        #expect(telemetry.allColumns.map(\.name) == ["dn", "temperature", "pressure", "ts", "time_bucket"])
        #expect(telemetry.allColumns.map(\.type.sql) == ["VARCHAR", "DOUBLE", "DOUBLE", "UBIGINT", "UINTEGER"])
        #expect(telemetry.allColumns.map(\.isNullable) == [true, true, true, false, true])
        #expect(telemetry.receivedAtColumn == 3)
        #expect(telemetry.slotColumn == 4)
    }

    @Test func putsReceiveTimeBeforeSlotWhateverTheOrderOfTheFile() throws {
        let table = try one(#""extras": {"slot": "s", "recv_ts": "r"}"#)
        #expect(table.allColumns.map(\.name) == ["a", "b", "t", "r", "s"])
        #expect(table.receivedAtColumn == 3)
        let slotOnly = try one(#""extras": {"slot": "s"}"#)
        #expect(slotOnly.receivedAtColumn == nil)
        #expect(slotOnly.slotColumn == 3)
    }

    @Test func takesTheTableNameForTheTopic() throws {
        #expect(try one("").topic == "x")
    }

    @Test func readsPartitions() throws {
        let table = try one(#""partition": ["a", "day(t)", " hour ( t ) "], "extras": {"recv_ts": "r"}"#)
        #expect(table.partition.map { $0.sql(in: table) } == [#""a""#, #"day("t")"#, #"hour("t")"#])
    }

    @Test func makesLiteralsOfDefaults() throws {
        let columns = #"""
            {"col": "a", "type": "TEXT", "default": "it's"}, {"col": "b", "type": "DOUBLE", "default": 1.5},
            {"col": "c", "type": "JSON", "default": {"k": ["'"]}}, {"col": "d", "type": "BOOLEAN", "default": false},
            {"col": "e", "type": "INTEGER", "default": null}, {"col": "f", "type": "TIMESTAMP", "default": "epoch"},
            {"col": "g", "type": "HUGEINT", "default": -17}
            """#
        let schema = try StoreSchema(
            json: ByteBuffer(string: #"{"tables": [{"table": "x", "columns": [\#(columns)]}]}"#), file: "f")
        #expect(
            schema.tables[0].columns.map(\.defaultLiteral) == [
                "'it''s'", "1.5", #"'{"k":["''"]}'"#, "false", nil, "'epoch'", "-17",
            ])
    }

    @Test func notesWhatIsKeptOtherwise() throws {
        let schema = try StoreSchema(
            json: ByteBuffer(
                string: #"{"tables": [{"table": "x", "columns": [{"col": "a", "type": "HUGEINT"}]}]}"#), file: "s.json")
        #expect(schema.notices.count == 1)
        #expect(schema.notices.first?.contains("HUGEINT is kept as DECIMAL(38,0)") == true)
    }

    @Test(arguments: [
        (#"{"col": "a", "type": "INTEGER", "epoch": "s"}"#, "it is for dates and timestamps"),
        (#"{"col": "a", "type": "TIMESTAMP", "epoch": "min"}"#, #"it must be one of "s", "ms", "us", "ns""#),
        (#"{"col": "a", "type": "FLOAT[3]"}"#, "leave the number out, as in DOUBLE[]"),
    ])
    func refusesColumnsThatCannotBe(column: String, reason: String) {
        let error = #expect(throws: SchemaError.self) {
            try StoreSchema(
                json: ByteBuffer(string: #"{"tables": [{"table": "x", "columns": [\#(column)]}]}"#), file: "s.json")
        }
        #expect(error?.description.contains(reason) == true)
    }

    @Test(arguments: [
        ("{\n \"version\": 1, \"tables\": []}", "s.json, line 2: the key \"version\" is not known; there are tables"),
        (
            "{\"tables\": [{\"table\": \"x\",\n\"colums\": []}]}",
            #"s.json, line 2, table "x": the key "colums" is not known; did you mean "columns"?"#
        ),
        (
            """
            {"tables": [{"table": "x", "columns": [
                {"col": "a", "type": "INTEGER"},

                {"col": "b", "type": "TEXT",
                 "nulable": false}]}]}
            """,
            #"s.json, line 5, table "x", column "b": the key "nulable" is not known; did you mean "nullable"?"#
        ),
        (
            "{\"tables\": [{\"table\": \"x\", \"columns\": [{\"col\": \"a\", \"type\": \"TEXT\"}],\n\"keys\": [\"a\", 7]}]}",
            #"s.json, line 2, table "x": "keys" contains a number; it must be an array of texts"#
        ),
        ("{\n  \"tables\": [],\n}", "s.json:3:1: A key must be a string: there is a comma before the closing bracket"),
        ("{\n  \"ü\": 'x'}", "s.json:2:8: No JSON value starts with this byte: texts stand in double quotes"),
        ("{\"tables\": [] // none\n}", "s.json:1:15: The JSON text has an unexpected byte: JSON has no comments"),
    ])
    func saysOnWhichLineAMistakeIs(json: String, message: String) {
        let error = #expect(throws: SchemaError.self) {
            try StoreSchema(json: ByteBuffer(string: json), file: "s.json")
        }
        #expect(error.map { "\($0)" } == message)
    }

    @Test func readsTheReceiveTimeAsATimestamp() throws {
        let extras = #""extras": {"recv_ts": {"col": "at", "type": "TIMESTAMPTZ"}}, "#
        let table = try one(extras + #""partition": ["day(recv_ts)", "hour(at)"]"#)
        #expect(table.allColumns.last?.type == .timestampTZ)
        #expect(table.receivedAtColumn == 3)
        #expect(table.batchType(3) == .ubigint)
        #expect(table.partition.map { $0.sql(in: table) } == [#"day("at")"#, #"hour("at")"#])
    }

    @Test func notesTopicsThatMatchNothing() throws {
        let column = #"[{"col": "a", "type": "TEXT"}]"#
        let schema = try StoreSchema(
            json: ByteBuffer(
                string: #"""
                    {"tables": [{"table": "x", "topic": "t/:a", "columns": \#(column)},
                        {"table": "y", "topic": "t/y", "columns": \#(column)},
                        {"table": "z", "topic": "u/*", "columns": \#(column)}]}
                    """#), file: "s.json")
        #expect(
            schema.notices == [
                #"s.json, table "y": gets nothing by its topic, which is one of table "x" too"#,
                #"s.json, table "z": the topic "u/*" has a wildcard, which stands for itself here; :name stands for a segment"#,
            ])
    }

    @Test(arguments: Mistake.all)
    func saysWhatIsWrong(_ mistake: Mistake) {
        #expect {
            try StoreSchema(json: ByteBuffer(string: mistake.json), file: "s.json")
        } throws: { error in
            // Where in the text it is has a test of its own.
            let text = "\(error)".replacing(/, line \d+/, with: "")
            if text != mistake.message { Issue.record("\(text)") }
            return text == mistake.message
        }
    }

    private func one(_ rest: String) throws -> TableSchema {
        try StoreSchema(json: ByteBuffer(string: Mistake.table(rest)), file: "s.json").tables[0]
    }
}

/// A schema that is refused, and the sentence.
struct Mistake: Sendable, CustomTestStringConvertible {
    let json: String
    let message: String

    var testDescription: String { message }

    init(_ json: String, _ message: String) {
        self.json = json
        self.message = "s.json" + message
    }

    /// One table with columns a (INTEGER), b (TEXT), t (TIMESTAMP) and other keys.
    static func table(_ rest: String) -> String {
        #"""
        {"tables": [{"table": "x", "columns": [{"col": "a", "type": "INTEGER"}, {"col": "b", "type": "TEXT"},
            {"col": "t", "type": "TIMESTAMP"}]\#(rest.isEmpty ? "" : ", " + rest)}]}
        """#
    }

    /// One table with one column.
    static func column(_ column: String) -> String {
        #"{"tables": [{"table": "x", "columns": [\#(column)]}]}"#
    }

    private static let kinds = "allowed are " + ColumnType.allowedNames

    static let all: [Mistake] = [
        Mistake("{\n  \"tables\": [}\n", ":2:14: No JSON value starts with this byte"),
        Mistake("[]", #": a schema is an object, this is an array; for example {"tables": []}"#),
        Mistake("{}", #": the key "tables" is missing; it holds an array"#),
        Mistake(#"{"tables": 5}"#, #": "tables" is a number; it must be an array"#),
        Mistake(#"{"tables": ["x"]}"#, ", table 1: a table is an object, this is a text"),
        Mistake(#"{"tables": [{}]}"#, #", table 1: the key "table" is missing; it is a text"#),
        Mistake(#"{"tables": [{"table": 7}]}"#, #", table 1: "table" is a number; it must be a text"#),
        Mistake(#"{"tables": [{"table": ""}]}"#, #", table 1: "table" is empty; it must be a name"#),
        Mistake(
            #"{"tables": [{"table": "a\nb"}]}"#,
            #", table 1: "table" has a control character in it; any other text can be a name"#),
        Mistake(
            #"{"tables": [{"table": "Message"}]}"#,
            #", table "Message": the broker has a table of this name for itself; other names than admin, component, exposer, mark, message, message_source, rejected, subscriber, tenant, topic_auth, wait_ack2 and rembus_… are free"#
        ),
        Mistake(
            #"{"tables": [{"table": "rembus_x"}]}"#,
            #", table "rembus_x": the broker has a table of this name for itself; other names than admin, component, exposer, mark, message, message_source, rejected, subscriber, tenant, topic_auth, wait_ack2 and rembus_… are free"#
        ),
        Mistake(
            #"{"tables": [{"table": "x"}]}"#,
            #", table "x": the table has no columns; "columns" is an array of at least one column"#),
        Mistake(
            #"{"tables": [{"table": "x", "columns": {}}]}"#,
            #", table "x": "columns" is an object; it must be an array of columns"#),
        Mistake(column("5"), #", table "x", column 1: a column is an object, this is a number"#),
        Mistake(column("{}"), #", table "x", column 1: the key "col" is missing; it is a text"#),
        Mistake(column(#"{"col": "a"}"#), #", table "x", column "a": the key "type" is missing; \#(kinds)"#),
        Mistake(
            column(#"{"col": "a", "type": 5}"#), #", table "x", column "a": "type" is a number; it must be a text"#),
        Mistake(
            column(#"{"col": "a", "type": "FLOATY"}"#),
            #", table "x", column "a": the type "FLOATY" is unknown; \#(kinds)"#),
        Mistake(
            column(#"{"col": "a", "type": "INTEGER); DROP TABLE x"}"#),
            #", table "x", column "a": the type "INTEGER); DROP TABLE x" is unknown; \#(kinds)"#),
        Mistake(
            column(#"{"col": "a", "type": "INTEGER[3]"}"#),
            #", table "x", column "a": the type "INTEGER[3]" cannot be used; DuckLake cannot store arrays of a fixed length; leave the number out, as in DOUBLE[]"#
        ),
        Mistake(
            column(#"{"col": "a", "type": "struct"}"#),
            #", table "x", column "a": the type "struct" cannot be used; STRUCT needs its fields, as in STRUCT(x DOUBLE, y DOUBLE)"#
        ),
        Mistake(
            column(#"{"col": "a", "type": "ENUM('a', 'b')"}"#),
            #", table "x", column "a": the type "ENUM('a', 'b')" cannot be used; DuckLake cannot store ENUM; use TEXT"#),
        Mistake(
            column(#"{"col": "a", "type": "DECIMAL(39,2)"}"#),
            #", table "x", column "a": the type "DECIMAL(39,2)" cannot be used; DECIMAL takes a precision of 1 to 38 digits and a scale that is not larger than the precision"#
        ),
        Mistake(
            column(#"{"col": "a", "type": "TEXT", "nullable": "no"}"#),
            #", table "x", column "a": "nullable" is a text; it must be true or false"#),
        Mistake(
            column(#"{"col": "a", "type": "INTEGER", "default": "many"}"#),
            #", table "x", column "a": the default "many" cannot be stored as INTEGER; the text "many" is no INTEGER"#),
        Mistake(
            column(#"{"col": "a", "type": "UTINYINT", "default": 256}"#),
            #", table "x", column "a": the default 256 cannot be stored as UTINYINT; the number 256 is out of the range of UTINYINT"#
        ),
        Mistake(
            column(#"{"col": "a", "type": "DATE", "default": [1]}"#),
            #", table "x", column "a": the default [1] cannot be stored as DATE; an array cannot be made DATE"#),
        Mistake(
            column(#"{"col": "a", "type": "TEXT"}, {"col": "A", "type": "TEXT"}"#),
            #", table "x", column "A": a column of this name exists already; upper and lower case are the same to the database"#
        ),
        Mistake(
            column(#"{"col": "a", "type": "TEXT"}, {"col": "a", "type": "TEXT"}"#),
            #", table "x", column "a": a column of this name exists already"#),
        Mistake(
            #"{"tables": [{"table": "x", "extras": {"slot": "s"}}, {"table": "X", "extras": {"slot": "s"}}]}"#,
            #", table "X": a table of this name exists already; upper and lower case are the same to the database"#),
        Mistake(table(#""topic": """#), #", table "x": "topic" is empty; leave it out for the table's name"#),
        Mistake(
            table(#""topic": ":site/x""#),
            #", table "x": the topic variable "site" names no column; there are a, b, t"#),
        Mistake(
            table(#""topic": ":A/x""#), #", table "x": the topic variable "A" names no column; did you mean "a"?"#),
        Mistake(
            table(#""topic": ":a/:a""#), #", table "x": the topic ":a/:a" has the variable "a" twice"#),
        Mistake(
            table(#""topic": ":/x""#),
            #", table "x": the topic ":/x" has a variable without a name; write :name, with a column's name"#),
        Mistake(table(#""keys": "a""#), #", table "x": "keys" is a text; it must be an array of texts"#),
        Mistake(table(#""keys": [1]"#), #", table "x": "keys" contains a number; it must be an array of texts"#),
        Mistake(table(#""keys": ["z"]"#), #", table "x": the key "z" names no column; there are a, b, t"#),
        Mistake(
            table(#""extras": {"recv_ts": "r"}, "partition": ["day(r)"]"#),
            #", table "x": the partition "day(r)" is of a column of type UBIGINT; day takes a date or timestamp; have one with "extras": {"recv_ts": {"col": "r", "type": "TIMESTAMPTZ"}}"#
        ),
        Mistake(
            table(#""extras": {"recv_ts": {"col": "r", "type": "TEXT"}}"#),
            #", table "x": the type "TEXT" of "recv_ts" cannot be used; allowed are UBIGINT, TIMESTAMP WITH TIME ZONE, TIMESTAMP, TIMESTAMP_NS"#
        ),
        Mistake(
            table(#""extras": {"recv_ts": {"name": "r"}}"#),
            #", table "x": the key "name" is not known; there are col, type"#),
        Mistake(table(#""keys": ["a", "a"]"#), #", table "x": the key "a" is listed twice"#),
        Mistake(
            table(#""extras": ["recv_ts"]"#),
            #", table "x": "extras" is an array; it must be an object with "recv_ts" and "slot""#),
        Mistake(
            table(#""extras": {"recv": "r"}"#),
            #", table "x": "extras" has the key "recv"; its keys are "recv_ts" and "slot", its values column names"#),
        Mistake(table(#""extras": {"slot": 1}"#), #", table "x": "slot" is a number; it must be a text"#),
        Mistake(table(#""extras": {"slot": ""}"#), #", table "x": "slot" is empty; it must be a name"#),
        Mistake(
            table(#""extras": {"recv_ts": "A"}"#),
            #", table "x": the extra column "recv_ts" has the name "A", which another column has already; choose another name for one of them"#
        ),
        Mistake(
            table(#""extras": {"recv_ts": "r", "slot": "r"}"#),
            #", table "x": the extra column "slot" has the name "r", which another column has already; choose another name for one of them"#
        ),
        Mistake(table(#""delete_topic": 5"#), #", table "x": "delete_topic" is a number; it must be a text"#),
        Mistake(table(#""partition": ["z"]"#), #", table "x": the partition "z" names no column; there are a, b, t"#),
        Mistake(
            table(#""partition": ["day(z)"]"#), #", table "x": the partition "z" names no column; there are a, b, t"#),
        Mistake(
            table(#""partition": ["week(t)"]"#),
            #", table "x": the partition "week(t)" has the unknown transform "week"; there are identity, year, month, day, hour"#
        ),
        Mistake(
            table(#""partition": ["day(a)"]"#),
            #", table "x": the partition "day(a)" is of a column of type INTEGER; day takes a date or timestamp"#),
        Mistake(table(#""partition": ["a", "a"]"#), #", table "x": the partition "a" is listed twice"#),
    ]
}
