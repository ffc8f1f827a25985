import CDuckDB

/// The type of a column or of a part of it.
package final class LogicalType {
    private(set) var handle: duckdb_logical_type?
    let id: duckdb_type

    /// Takes over DuckDB's object.
    init(consuming handle: duckdb_logical_type?) {
        self.handle = handle
        id = handle.map { duckdb_get_type_id($0) } ?? DUCKDB_TYPE_INVALID
    }

    deinit {
        duckdb_destroy_logical_type(&handle)
    }

    /// The scale and the integer type of a decimal.
    private(set) lazy var decimal = (
        scale: Int(duckdb_decimal_scale(handle)), storage: duckdb_decimal_internal_type(handle)
    )

    /// The integer type of an enumeration's codes.
    private(set) lazy var enumerationStorage = duckdb_enum_internal_type(handle)

    /// The text of an enumeration's code.
    func enumerationText(_ code: Int) -> String {
        let text = duckdb_enum_dictionary_value(handle, idx_t(code))
        defer { duckdb_free(text) }
        return text.map { String(cString: $0) } ?? ""
    }

    /// Whether values of the type are intervals, or contain some.
    var hasIntervals: Bool {
        switch id {
        case DUCKDB_TYPE_INTERVAL: true
        case DUCKDB_TYPE_LIST, DUCKDB_TYPE_ARRAY: element.hasIntervals
        case DUCKDB_TYPE_STRUCT: fields.contains { $0.type.hasIntervals }
        case DUCKDB_TYPE_MAP: mapFields.contains { $0.type.hasIntervals }
        default: false
        }
    }

    /// The type of a list's or array's elements.
    private(set) lazy var element: LogicalType = {
        switch id {
        case DUCKDB_TYPE_ARRAY: LogicalType(consuming: duckdb_array_type_child_type(handle))
        default: LogicalType(consuming: duckdb_list_type_child_type(handle))
        }
    }()

    /// The number of elements in each value of an array type.
    private(set) lazy var arrayCount = Int(duckdb_array_type_array_size(handle))

    /// The fields of a structure. A map is a list of structures with `key` and `value`.
    private(set) lazy var fields: [(name: String, type: LogicalType)] = {
        guard id == DUCKDB_TYPE_STRUCT else { return [] }
        return (0..<duckdb_struct_type_child_count(handle)).map { index in
            let name = duckdb_struct_type_child_name(handle, index)
            defer { duckdb_free(name) }
            let type = LogicalType(consuming: duckdb_struct_type_child_type(handle, index))
            return (name.map { String(cString: $0) } ?? "", type)
        }
    }()

    /// The types of a union's members.
    private(set) lazy var members: [LogicalType] = {
        guard id == DUCKDB_TYPE_UNION else { return [] }
        return (0..<duckdb_union_type_member_count(handle)).map { index in
            LogicalType(consuming: duckdb_union_type_member_type(handle, index))
        }
    }()

    /// The key and value types of a map.
    private(set) lazy var mapFields: [(name: String, type: LogicalType)] = [
        ("key", LogicalType(consuming: duckdb_map_type_key_type(handle))),
        ("value", LogicalType(consuming: duckdb_map_type_value_type(handle))),
    ]
}
