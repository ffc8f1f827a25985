extension Functions {
    /// Functions of numbers, texts, times and JSON, by how large their values may get.
    static let scalarTable: [Entry] = [
        (.symbol, .calculated, "+ - * / // % ^ ** & | << >> ~ @ !__postfix"),
        (.symbol, .times(1), "||"),
        (.symbol, .pattern(.like), "~~ !~~"),
        (.symbol, .pattern(.ilike), "~~* !~~*"),
        (.symbol, .pattern(.glob), "~~~"),
        (.scalar, .pattern(.like), "like_escape not_like_escape"),
        (.scalar, .pattern(.ilike), "ilike_escape not_ilike_escape"),
        (.symbol, .fixed, "^@"),
        (
            .scalar, .calculated,
            """
            abs acos acosh add asin asinh atan atan2 atanh bit_count cbrt ceil ceiling cos cosh cot degrees divide even
            exp factorial fdiv floor fmod gamma gcd greatest_common_divisor isfinite isinf isnan lcm
            least_common_multiple lgamma ln log log10 log2 mod multiply nextafter pi pow power radians round round_even
            roundbankers sign signbit sin sinh sqrt subtract tan tanh trunc xor

            age ago century date_add date_diff date_part date_sub date_trunc datediff datepart datesub datetrunc day
            dayname dayofmonth dayofweek dayofyear days_in_month decade epoch epoch_ms epoch_ns epoch_us era
            get_current_time get_current_timestamp current_localtime current_localtimestamp hour isodow isoyear julian
            last_day make_date make_time make_timestamp make_timestamp_ms make_timestamp_ns make_timestamptz microsecond
            millennium millisecond minute month monthname nanosecond now quarter second time_bucket timezone
            timezone_hour timezone_minute to_centuries to_days to_decades to_hours to_microseconds to_millennia
            to_milliseconds to_minutes to_months to_quarters to_seconds to_timestamp to_weeks to_years today
            transaction_timestamp week weekday weekofyear year yearweek current_date uuid_extract_timestamp
            uuid_extract_version
            """
        ),
        (
            .scalar, .fixed,
            """
            ascii bit_length bit_position char_length character_length chr contains ends_with format_bytes
            formatReadableDecimalSize formatReadableSize get_bit hamming hash instr
            is_histogram_other_bin jaccard len length length_grapheme md5 md5_number md5_number_lower
            md5_number_upper mismatches octet_length ord parse_formatted_bytes
            pg_size_pretty pg_typeof position prefix regexp_full_match regexp_matches sha1 sha256 starts_with strlen
            strpos strptime suffix to_base try_strptime typeof unicode

            json_array_length json_exists json_type json_valid
            """
        ),
        (.scalar, .quadratic, "damerau_levenshtein editdist3 jaro_similarity jaro_winkler_similarity levenshtein"),
        (.scalar, .part, "constant_or_null greatest ifnull least nullif"),
        (
            .scalar, .times(1),
            """
            concat decode encode from_base64 from_binary from_hex left left_grapheme lower lcase ltrim nfc_normalize
            parse_dirname parse_dirpath parse_filename regexp_extract reverse right right_grapheme rtrim set_bit
            split_part strip_accents substr substring substring_grapheme trim ucase unbin unhex upper url_decode
            json json_merge_patch
            """
        ),
        (.scalar, .times(2), "hex regexp_escape to_base64 base64 to_hex"),
        (.scalar, .times(4), "translate url_encode json_keys json_structure"),
        (.scalar, .times(8), "array_to_json bin json_array json_object json_quote row_to_json to_binary to_json"),
        (
            .scalar, .times(16),
            "parse_path regexp_extract_all regexp_split_to_array split str_split str_split_regex string_split"
                + " string_split_regex string_to_array"
        ),
        (.scalar, .times(32), "strftime"),
        (.scalar, .timesArguments, "concat_ws"),
        (.scalar, .repeated(1), "repeat"),
        (.scalar, .padded(1), "lpad rpad"),
        (.scalar, .padded(3), "bar"),
        (.scalar, .formatted, "format printf"),
        (.scalar, .replaced, "replace"),
        (.scalar, .regexReplaced, "regexp_replace"),
        (.symbol, .path, "->>"),
        (.scalar, .path, "json_extract json_extract_path json_extract_path_text json_extract_string json_value"),
        (.scalar, .typed, "from_json from_json_strict json_transform json_transform_strict"),
        (.scalar, .sought, "json_contains"),
    ]
}
