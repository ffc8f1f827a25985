import RembusTrust
import RembusWire

/// The rules of a broker in readable form.
struct TrustListingText {
    private let rules: ValueMap

    /// Takes the answer of the command `trust_config`. Missing parts count as empty.
    init(_ value: Value) {
        rules = value.mapValue ?? [:]
    }

    /// The rules of a file in the form of that answer. Pins and their hashes are not included.
    static func value(of document: TrustDocument) -> Value {
        [
            "admins": texts(document.admins.sorted()), "tenants": texts(document.tenants.keys),
            "private_topics": texts(document.privateTopics.sorted()),
            "grants": .array(
                document.grants.sorted { ($0.topic, $0.name) < ($1.topic, $1.name) }.map {
                    [
                        "name": .text($0.name), "topic": .text($0.topic),
                        "actions": texts($0.actions.map(\.rawValue).sorted()),
                    ]
                }),
            "read_only": texts(document.readOnly.sorted()),
        ]
    }

    private static func texts(_ texts: [String]) -> Value { .array(texts.map { .text($0) }) }

    /// The rules by kind, with a line for each rule.
    var text: String {
        var lines = section("administrators", names("admins"))
        lines += section("tenants", names("tenants"))
        lines += section("private topics", names("private_topics"))
        lines += section("grants", grants)
        lines += section("read-only", names("read_only"))
        if rules["trust_names"] == true {
            lines += section("trust names", ["yes: whoever says a name has its rights, without proof"])
        }
        if let mode = rules["connection_mode"]?.stringValue { lines += section("mode", [ValueLayout.visible(mode)]) }
        return lines.map { $0 + "\n" }.joined()
    }

    private func section(_ title: String, _ entries: [String]) -> [String] {
        (entries.isEmpty ? ["none"] : entries).enumerated().map { index, entry in
            (index == 0 ? title : "").padding(to: 16) + entry
        }
    }

    private func names(_ key: String) -> [String] {
        (rules[key]?.arrayValue ?? []).compactMap(\.stringValue).map(ValueLayout.visible)
    }

    private var grants: [String] {
        let rows = (rules["grants"]?.arrayValue ?? []).map { grant -> [String] in
            let actions = (grant["actions"]?.arrayValue ?? []).compactMap(\.stringValue)
            let isAll = Set(actions) == Set(TrustAction.allCases.map(\.rawValue))
            return [
                grant["name"]?.stringValue ?? "", grant["topic"]?.stringValue ?? "",
                isAll ? "everything" : actions.joined(separator: ", "),
            ].map(ValueLayout.visible)
        }
        return TextTable.lines(rows)
    }
}

/// Aligns the columns of rows.
enum TextTable {
    static func lines(_ rows: [[String]]) -> [String] {
        let columns = rows.map(\.count).max() ?? 0
        let widths = (0..<columns).map { column in rows.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0 }
        return rows.map { row in
            row.enumerated().map { column, text in
                column == row.count - 1 ? text : text.padding(to: widths[column] + 2)
            }.joined()
        }
    }
}
