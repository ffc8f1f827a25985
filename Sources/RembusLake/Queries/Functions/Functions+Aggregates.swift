extension Functions {
    /// Aggregates whose value contains everything.
    static let keepingAll: Set<String> = [
        "array_agg", "group_concat", "json_group_array", "json_group_object", "json_group_structure", "list", "listagg",
        "string_agg",
    ]

    /// Functions of many rows. DuckDB counts their state as part of its memory, including what `list` and similar
    /// functions keep.
    static let aggregateTable: [Entry] = [
        (
            .aggregate(keepsRows: false), .fixed,
            """
            approx_count_distinct avg bit_and bit_or bit_xor bool_and bool_or corr count count_if count_star countif
            covar_pop covar_samp entropy favg fsum kahan_sum kurtosis kurtosis_pop mean product regr_avgx regr_avgy
            regr_count regr_intercept regr_r2 regr_slope regr_sxx regr_sxy regr_syy sem skewness stddev stddev_pop
            stddev_samp sum sumkahan var_pop var_samp variance
            """
        ),
        (
            .aggregate(keepsRows: false), .part,
            """
            any_value approx_quantile arbitrary first last mad median mode quantile quantile_cont quantile_disc
            """
        ),
        (
            // With a count they keep that many values.
            .aggregate(keepsRows: false), .part,
            "arg_max arg_max_null arg_max_nulls_last arg_min arg_min_null arg_min_nulls_last argmax argmin max max_by min"
                + " min_by"
        ),
        (.aggregate(keepsRows: true), .padded(1), "approx_top_k"),
        (.aggregate(keepsRows: true), .times(1), "array_agg list"),
        (.aggregate(keepsRows: true), .times(8), "histogram histogram_exact"),
        (.aggregate(keepsRows: true), .separated(1), "group_concat listagg string_agg"),
        (.macroAggregate, .fixed, "geomean geometric_mean wavg weighted_avg"),
        (.macroAggregate, .times(8), "json_group_array json_group_object json_group_structure"),
        (.window, .fixed, "cume_dist dense_rank fill ntile percent_rank rank rank_dense row_number"),
        (.window, .part, "first_value lag last_value lead nth_value"),
    ]
}
