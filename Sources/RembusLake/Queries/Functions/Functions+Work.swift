extension Functions {
    /// Work of a function that is not in proportion to the bytes that it makes. DuckDB cannot stop it within a chunk of
    /// rows, so it is measured before; see ``QueryBudget``.
    enum Work: Sendable, Equatable {
        /// The function keeps memory for every value while it runs: so many times the bytes of the operands.
        case memory(Int)
        /// All texts are compared with each part of the others. So many hundredths of a nanosecond for every pair of
        /// bytes.
        case pairs(Int)
        /// A regular expression, the argument at position 1, is tried once, or again behind every match.
        case pattern(isRepeated: Bool)
        /// Combining marks behind a letter are sorted, which takes time by the square of their number.
        case marks
        /// The value is JSON, into which the function recurses; with the weight of `memory`.
        case nested(Int)
    }

    /// The work of a function; nil where only the bytes that it makes count.
    static func work(_ name: String) -> Work? { workByName[name] }

    private static let workByName: [String: Work] = {
        var works: [String: Work] = [:]
        for (work, names) in workTable {
            for name in names.split(whereSeparator: \.isWhitespace) { works[String(name)] = work }
        }
        return works
    }()

    private static let workTable: [(Work, String)] = [
        (.pairs(100), "levenshtein damerau_levenshtein editdist3 jaro_similarity jaro_winkler_similarity"),
        (
            .pairs(10),
            """
            contains instr position strpos replace split str_split string_split string_to_array split_part trim ltrim
            rtrim ~~ !~~ ~~* !~~* ~~~ like_escape not_like_escape ilike_escape not_ilike_escape parse_path
            parse_filename parse_dirname parse_dirpath
            """
        ),
        (.pattern(isRepeated: false), "regexp_full_match regexp_matches regexp_extract"),
        (
            .pattern(isRepeated: true),
            "regexp_replace regexp_extract_all regexp_split_to_array string_split_regex str_split_regex"
        ),
        (.marks, "nfc_normalize strip_accents"),
        (.nested(16), "json_structure json_merge_patch json_contains"),
        (
            .memory(4),
            """
            json json_array_length json_exists json_type json_valid json_keys json_extract json_extract_path
            json_extract_path_text json_extract_string json_value ->> from_json from_json_strict json_transform
            json_transform_strict array_to_json json_array json_object json_quote row_to_json to_json
            json_group_array json_group_object json_group_structure
            """
        ),
        (
            .memory(8),
            """
            array_distinct array_grade_up array_has_all array_has_any array_intersect array_reverse_sort array_sort
            array_unique grade_up jaccard list_aggr list_aggregate aggregate array_aggr array_aggregate
            list_approx_count_distinct list_distinct list_entropy list_grade_up list_has_all list_has_any list_histogram
            list_intersect list_mad list_median list_mode list_reverse_sort list_sort list_unique map
            map_from_entries && @> <@
            """
        ),
    ]
}
