import Foundation

/// Data files that no snapshot has, left by a write that failed or by a process that ended during one.
///
/// Only in a folder that this broker uses alone, because elsewhere files may belong to another catalog. Only files that
/// have names in DuckLake's form, that the catalog does not list anywhere, and that are too old to be in use.
struct OrphanedFiles {
    /// The data path with a slash at its end.
    let folder: String
    let connection: DatabaseConnection

    /// Deletes the files that were last written before `grace`. Returns how many they were.
    func remove(grace: Duration) throws(LakeError) -> Int {
        let limit = Date.now.addingTimeInterval(-TimeInterval(grace.components.seconds))
        let found = candidates(before: limit)
        guard !found.isEmpty else { return 0 }
        // The catalog is read after the folder, so that files which were added meanwhile are known.
        let known = try known()
        var count = 0
        for (name, url) in found where !known.contains(name) {
            if (try? FileManager.default.removeItem(at: url)) != nil { count += 1 }
        }
        return count
    }

    private func candidates(before limit: Date) -> [(name: String, url: URL)] {
        let root = URL(fileURLWithPath: folder).appendingPathComponent(Catalog.schema)
        let keys: [URLResourceKey] = [.isRegularFileKey, .contentModificationDateKey]
        guard let files = FileManager.default.enumerator(at: root, includingPropertiesForKeys: keys) else { return [] }
        var found: [(String, URL)] = []
        while let url = files.nextObject() as? URL {
            let name = url.lastPathComponent
            guard name.hasPrefix("ducklake-"), name.hasSuffix(".parquet") || name.hasSuffix(".puffin"),
                let values = try? url.resourceValues(forKeys: Set(keys)), values.isRegularFile == true,
                let time = values.contentModificationDate, time < limit
            else { continue }
            found.append((name, url))
        }
        return found
    }

    /// The unique names of all files that a snapshot has or had, or that wait to be deleted.
    private func known() throws(LakeError) -> Set<String> {
        var names: Set<String> = []
        for table in ["ducklake_data_file", "ducklake_delete_file", "ducklake_files_scheduled_for_deletion"] {
            let path = SQL.identifier(["__ducklake_metadata_\(Catalog.alias)", table])
            for row in try connection.query("SELECT path FROM \(path)").rows {
                guard let text = row[0].text else { continue }
                names.insert(String(text.split(separator: "/").last ?? Substring(text)))
            }
        }
        return names
    }
}
