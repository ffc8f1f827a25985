import NIOCore
@testable import RembusTables

/// The schema of the reference's project page, in its own words.
enum Example {
    static let json = #"""
        {"tables": [
            {"table": "sensor", "topic": ":site/:type/:dn/sensor", "keys": ["dn"], "columns": [
                {"col": "site", "type": "TEXT", "nullable": false},
                {"col": "type", "type": "TEXT", "nullable": false},
                {"col": "dn", "type": "TEXT"}]},
            {"table": "telemetry", "topic": ":dn/telemetry", "columns": [
                {"col": "dn", "type": "TEXT"},
                {"col": "temperature", "type": "DOUBLE"},
                {"col": "pressure", "type": "DOUBLE"}],
             "extras": {"recv_ts": "ts", "slot": "time_bucket"}}
        ]}
        """#

    static func schema() throws -> StoreSchema {
        try StoreSchema(json: ByteBuffer(string: json), file: "schema.json")
    }
}
