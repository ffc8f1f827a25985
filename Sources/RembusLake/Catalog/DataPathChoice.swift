/// Where the data files of a catalog are, when the catalog remembers another place than is configured: after its folder
/// was moved, copied or restored, or by mistake.
struct DataPathChoice {
    /// The configured or default path.
    var configured: String
    /// The path that the catalog remembers.
    var remembered: String
    /// True to use what the catalog remembers (`DUCKDB_IGNORE_DATA_PATH`).
    var ignoresConfigured: Bool
    /// True for a catalog that other brokers may use at the same time.
    var isShareable: Bool
    /// True for a catalog on a server, which brokers of other machines may use, too: that a folder is not here says little.
    var isOnServer: Bool
    /// Whether the remembered folder is there.
    var isRememberedThere: Bool
    /// Whether the remembered folder is another catalog's now, as that of an original is to a copy.
    var isRememberedForeign: Bool
    /// Data files that the catalog lists.
    var listed: Int
    /// Those of them that are not in the configured folder, and those that are not in the remembered one.
    var missing: [String]
    var missingInRemembered: Int

    enum Outcome: Equatable {
        /// What the catalog remembers.
        case remembered
        /// The configured path, which the catalog is to remember from now on.
        case moved
    }

    func outcome() throws(LakeError) -> Outcome {
        let hasAll = listed > 0 && missing.isEmpty
        let isAbandoned = !isRememberedThere || isRememberedForeign
        if ignoresConfigured {
            // Whether the remembered folder belongs to another catalog by now is found out when it is locked.
            return isRememberedThere || !(hasAll || (listed == 0 && !isOnServer)) ? .remembered : .moved
        }
        // Brokers that share a catalog use the remembered folder as long as it is there.
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
