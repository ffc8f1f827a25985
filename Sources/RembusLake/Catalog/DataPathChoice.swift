/// Decides where the data files of a catalog are when the catalog remembers another path than is configured: after its
/// folder was moved, copied or restored, or by mistake.
struct DataPathChoice {
    /// The configured or default path.
    var configured: String
    /// The path that the catalog remembers.
    var remembered: String
    /// Whether the path that the catalog remembers is used (`DUCKDB_IGNORE_DATA_PATH`).
    var ignoresConfigured: Bool
    /// Whether other brokers may use the catalog at the same time.
    var isShareable: Bool
    /// Whether the catalog is on a server, which brokers on other machines may use too. A missing folder here then
    /// means little.
    var isOnServer: Bool
    /// Whether the remembered folder exists.
    var isRememberedThere: Bool
    /// Whether the remembered folder belongs to another catalog, as an original's folder does for its copy.
    var isRememberedForeign: Bool
    /// The number of data files that the catalog lists.
    var listed: Int
    /// The listed files that are missing in the configured folder, and those that are missing in the remembered one.
    var missing: [String]
    var missingInRemembered: Int

    enum Outcome: Equatable {
        /// Use the remembered path.
        case remembered
        /// Use the configured path, which the catalog has to remember from now on.
        case moved
    }

    func outcome() throws(LakeError) -> Outcome {
        let hasAll = listed > 0 && missing.isEmpty
        let isAbandoned = !isRememberedThere || isRememberedForeign
        if ignoresConfigured {
            // Whether the remembered folder belongs to another catalog is found out when it is locked.
            return isRememberedThere || !(hasAll || (listed == 0 && !isOnServer)) ? .remembered : .moved
        }
        // Brokers that share a catalog use the remembered folder while it exists.
        if hasAll, isAbandoned || !isShareable { return .moved }
        if listed == 0, isAbandoned, !isOnServer { return .moved }
        throw refusal
    }

    private var refusal: LakeError {
        let first = "the catalog keeps its data files in \(remembered), and this broker is to use \(configured)"
        let advice: String
        if let example = missing.first, missingInRemembered > 0 {
            advice = """
                \(missing.count) of \(listed) data files are in neither, such as \(example): restore the whole data folder \
                to \(configured)
                """
        } else if !missing.isEmpty {
            advice = """
                Its data files are not in \(configured): move or copy them there while no broker runs, or set data_path \
                (REMBUS_DATA_PATH) to \(remembered)
                """
        } else {
            advice =
                "Set data_path (REMBUS_DATA_PATH) to \(remembered), which brokers that share a catalog have in common"
        }
        return LakeError(.invalid, "\(first). \(advice)")
    }
}
