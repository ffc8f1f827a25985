package import Logging
import NIOCore
import RembusWire

/// The file that component records are kept in: the newest record of a name counts, an empty one forgets it. A record is a
/// CBOR map.
package final class ComponentFile {
    private let file: RecordFile
    /// By name, how many bytes of the file are not out of date.
    private var live: [ExactText: Int] = [:]
    private var liveBytes = 0
    /// What the file held when it was opened, until somebody takes it over.
    private var components: [PackedComponent] = []

    private static let layout = RecordLayout("RBCOMP1\n")

    /// The records that the file held when it was opened, sorted by name, unless they were taken over.
    package var records: [ComponentRecord] { components.compactMap(\.record) }

    /// Hands over what the file held when it was opened, sorted by name. The file then no longer keeps it in memory, so
    /// a second call gives nothing.
    package func takeComponents() -> [PackedComponent] {
        defer { components = [] }
        return components
    }

    /// Opens the file, making it when it does not exist, and reads what it holds.
    ///
    /// - Throws: ``StorageError`` when the file cannot be opened or is of another kind.
    package init(
        _ path: String, fileSystem: any StorageFileSystem = Disk(), logger: Logger
    ) throws(StorageError) {
        var found: [ExactText: PackedComponent] = [:]
        var live: [ExactText: Int] = [:]
        file = try RecordFile(path, "component records", Self.layout, fileSystem: fileSystem, logger: logger) { parts in
            guard let (name, component) = Self.entry(parts) else { return false }
            found[name] = component
            live[name] = component == nil ? nil : Self.layout.length(of: parts)
            return true
        }
        // Each that is left gets memory of its own: what the file held besides costs none.
        components = found.values.map(\.detached).sorted { $0.name < $1.name }
        self.live = live
        liveBytes = live.values.reduce(0, +)
    }

    /// Closes the file, which cannot be used from then on.
    package func close() { file.close() }

    /// Adds or replaces records; a record without content removes its name. With `isSynced`, these records and all
    /// earlier ones are durable when the method returns.
    package func save(_ records: [ComponentRecord], isSynced: Bool = true) throws(StorageError) {
        var bytes = ByteBuffer()
        var changes: [(name: ExactText, count: Int)] = []
        for record in records {
            let start = bytes.writerIndex
            let value = record.isEmpty ? .map([.text(ComponentRecord.Field.name): .text(record.name)]) : record.value
            Self.layout.append(to: &bytes) { value.encodeCBOR(into: &$0) }
            changes.append((ExactText(record.name), record.isEmpty ? 0 : bytes.writerIndex - start))
        }
        try file.append(bytes, isSynced: isSynced) { () throws(StorageError) in
            // What a deleted file held can still be read.
            var all = try newest()
            all.writeImmutableBuffer(bytes)
            return all
        }
        for change in changes {
            liveBytes += change.count - (live[change.name] ?? 0)
            live[change.name] = change.count > 0 ? change.count : nil
        }
        file.shrink(liveBytes: liveBytes) { () throws(StorageError) in try newest() }
    }

    /// What is in the file and not out of date.
    private func newest() throws(StorageError) -> ByteBuffer {
        var found: [ExactText: PackedComponent] = [:]
        try file.read { parts in
            guard let (name, component) = Self.entry(parts) else { return false }
            found[name] = component
            return true
        }
        var records = ByteBuffer()
        for component in found.values {
            Self.layout.append(to: &records) { $0.writeImmutableBuffer(component.encoded) }
        }
        return records
    }

    /// Whom a record is about, and what it says; nil for nothing. Nil when it is none of a component.
    private static func entry(_ parts: [ByteBuffer]) -> (ExactText, PackedComponent?)? {
        if let component = PackedComponent(cbor: parts[0]) {
            return (ExactText(component.name), component.isEmpty ? nil : component)
        }
        let name = (try? Value(cbor: parts[0]))?.mapValue?[ComponentRecord.Field.name]?.stringValue
        return name.map { (ExactText($0), nil) }
    }
}
