import Foundation

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Which catalog the files in a data folder belong to, as a small file in that folder says.
///
/// A catalog removes files that it needs no more. Two catalogs over one folder, such as an original and its copy, would
/// take away each other's: so a folder has one owner, and whoever else wants to write there is refused.
struct DataOwner: Codable, Equatable {
    /// The file's name in the data folder.
    static let fileName = "rembus-owner.json"

    /// The catalog: the path of its file, or the identity of its database.
    var catalog: String
    /// Where the data folder was. A folder that was copied or moved as a whole says another path than it has.
    var data: String
    /// The machine, which tells whether `catalog` can be looked for here.
    var host: String

    init(catalog: String, data: String) {
        self.catalog = catalog
        self.data = data
        host = Self.thisHost
    }

    /// Reads the file's text; nil for what is no such text, as after a crash while it was written.
    init?(json text: some Sequence<UInt8>) {
        guard let owner = try? JSONDecoder().decode(Self.self, from: Data(text)) else { return nil }
        self = owner
    }

    /// The machine's name, without asking the network for it.
    private static var thisHost: String {
        var name = [CChar](repeating: 0, count: 256)
        guard gethostname(&name, name.count - 1) == 0 else { return "" }
        return String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    var json: String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return (try? encoder.encode(self)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
    }

    /// Whether `wanted` may take the folder over from this owner.
    ///
    /// - Parameter exists: Whether there is a file at a path of this machine.
    func gives(way wanted: DataOwner, exists: (String) -> Bool) -> Bool {
        // The same catalog, or a folder that came here from another place together with this file.
        if catalog == wanted.catalog || data != wanted.data { return true }
        // A catalog that was moved away from where the folder knows it. What is on another machine cannot be looked for.
        guard catalog.hasPrefix("/"), wanted.catalog.hasPrefix("/") else { return false }
        let isHere = host == wanted.host || !data.contains("://")
        return isHere && !exists(catalog)
    }

    /// Why `wanted` is refused, and what to do.
    func refusal(of wanted: DataOwner) -> LakeError {
        LakeError(
            .invalid,
            """
            the data folder \(wanted.data) belongs to the catalog \(catalog), and this broker's is \(wanted.catalog): two \
            catalogs would remove each other's files. Give this broker a folder of its own (data_path), and leave out \
            DUCKDB_IGNORE_DATA_PATH; if the other catalog is gone for good, remove \(wanted.data)/\(Self.fileName)
            """)
    }
}
