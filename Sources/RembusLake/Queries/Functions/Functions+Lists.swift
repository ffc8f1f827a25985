extension Functions {
    /// Functions of lists, structures and maps, by how large their values may get.
    static let listTable: [Entry] = [
        (.symbol, .fixed, "&& @> <@ <-> <=>"),
        (
            .scalar, .fixed,
            """
            array_contains array_cosine_distance array_cosine_similarity array_distance array_dot_product array_has
            array_has_all array_has_any array_indexof array_inner_product array_length array_negative_dot_product
            array_negative_inner_product array_position array_unique cardinality list_approx_count_distinct list_avg
            list_bit_and list_bit_or list_bit_xor list_bool_and list_bool_or list_contains list_cosine_distance
            list_cosine_similarity list_count list_distance list_dot_product list_entropy list_has list_has_all
            list_has_any list_indexof list_inner_product list_kurtosis list_kurtosis_pop list_mad list_median
            list_negative_dot_product list_negative_inner_product list_position list_product list_sem list_skewness
            list_stddev_pop list_stddev_samp list_sum list_unique list_var_pop list_var_samp map_contains
            map_contains_entry map_contains_value struct_contains struct_has struct_indexof struct_position union_tag
            """
        ),
        (
            .scalar, .part,
            """
            array_extract element_at list_any_value list_element list_extract list_first list_last list_max list_min
            list_mode map_extract_value struct_extract struct_extract_at union_extract
            """
        ),
        (
            .scalar, .times(1),
            """
            array_append array_cat array_concat array_cross_product array_distinct array_intersect array_pop_back
            array_pop_front array_prepend array_push_back array_push_front array_reverse array_reverse_sort array_slice
            array_sort array_value array_where flatten list_append list_cat list_concat list_distinct list_intersect
            list_pack list_prepend list_reverse list_reverse_sort list_slice list_sort list_value list_where map
            map_entries map_extract map_from_entries map_keys map_values row struct_concat struct_insert
            struct_keys struct_pack struct_update struct_values union_value
            """
        ),
        (.scalar, .times(2), "array_grade_up grade_up list_grade_up"),
        (.scalar, .times(16), "list_histogram"),
        (.scalar, .timesArguments, "array_zip list_zip"),
        (.scalar, .repeated(1), "array_resize list_resize"),
        (.scalar, .padded(2), "equi_width_bins"),
        (.scalar, .series, "generate_series range"),
        (.scalar, .separated(1), "array_to_string array_to_string_comma_default list_string_agg"),
        (.scalar, .transformed, "apply array_apply array_transform list_apply list_transform"),
        (.scalar, .filtered, "array_filter filter list_filter"),
        (.scalar, .reduced, "array_reduce list_reduce reduce"),
        (.scalar, .aggregated, "aggregate array_aggr array_aggregate list_aggr list_aggregate"),
        (.rows, .part, "unnest"),
    ]
}
