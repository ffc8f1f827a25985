import Foundation

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// The catalog that the files in a data folder belong to, named in a small file in that folder.
///
/// A catalog deletes files that it does not need any more. Two catalogs with the same folder, such as an original and
/// its copy, would delete each other's files. So a folder has one owner, and other catalogs are refused.
struct DataOwner: Codable, Equatable {
    /// The file's name in the data folder.
    static let fileName = "rembus-owner.json"

    /// The catalog: the path of its file, or the identity of its database.
    var catalog: String
    /// The path of the data folder. After the folder was copied or moved as a whole, this differs from its actual path.
    var data: String
    /// The machine. It tells whether `catalog` can be looked for here.
    var host: String

    init(catalog: String, data: String) {
        self.catalog = catalog
        self.data = data
        host = Self.thisHost
    }

    /// Parses the file. nil when it is malformed, as after a crash during writing.
    init?(json text: some Sequence<UInt8>) {
        guard let owner = try? JSONDecoder().decode(Self.self, from: Data(text)) else { return nil }
        self = owner
    }

    /// The machine's name, found without using the network.
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
    /// - Parameter exists: Whether there is a file at a path on this machine.
    func gives(way wanted: DataOwner, exists: (String) -> Bool) -> Bool {
        // It is the same catalog, or the folder was moved or copied here together with this file.
        if catalog == wanted.catalog || data != wanted.data { return true }
        // The catalog was moved away from the path in the file. Paths on another machine cannot be checked.
        guard catalog.hasPrefix("/"), wanted.catalog.hasPrefix("/") else { return false }
        let isHere = host == wanted.host || !data.contains("://")
        return isHere && !exists(catalog)
    }

    /// Why `wanted` is refused, and what to do about it.
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
