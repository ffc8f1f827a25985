import CRembusChecksum
import NIOCore
import RembusWire

/// The file that component records are kept in: the newest entry of a name counts, an empty one forgets it.
///
/// An entry is its length and CRC-32C (UInt32 each, little-endian) and a CBOR map. The file only grows until most of it is
/// out of date; then it is written anew beside itself and takes its own place. What a crash tore off its end is cut off.
package final class ComponentFile {
    private let path: String
    private let fileSystem: any StorageFileSystem
    private var file: any StorageFile
    private var live: [ExactText: Int] = [:]
    private var liveBytes = 0
    private var size = 0

    private static let headerBytes = 8
    private static let magic: [UInt8] = Array("RBCOMP1\n".utf8)
    /// A file smaller than this is not worth writing anew.
    private static let smallestRewrite = 1 << 20

    /// The records that the file held when it was opened.
    package private(set) var records: [ComponentRecord] = []
    /// How many bytes at the file's end were unreadable when it was opened.
    package private(set) var lostBytes = 0

    /// Opens the file, making it when it does not exist, and reads what it holds.
    ///
    /// - Throws: ``StorageError`` when the file cannot be opened or is of another kind.
    package init(_ path: String, fileSystem: any StorageFileSystem = Disk()) throws(StorageError) {
        self.path = path
        self.fileSystem = fileSystem
        file = try Self.open(path, fileSystem)
        let content = try content()
        guard content.starts(with: Self.magic.prefix(content.count)) else {
            throw StorageError("\(path) is no file of component records; move it away and start again")
        }
        guard content.count >= Self.magic.count else {
            try Self.write(Self.magic, at: 0, to: file)
            size = Self.magic.count
            return
        }
        records = index(content)
        lostBytes = content.count - size
        if lostBytes > 0 { try file.truncate(to: UInt64(size)) }
    }

    deinit {
        file.close()
    }

    /// Adds or replaces records; one without content is forgotten. Durable when it returns.
    package func save(_ records: [ComponentRecord]) throws(StorageError) {
        var bytes: [UInt8] = []
        var changes: [(name: ExactText, count: Int)] = []
        for record in records {
            let entry = Self.entry(record)
            bytes += entry
            changes.append((ExactText(record.name), record.isEmpty ? 0 : entry.count))
        }
        try Self.write(bytes, at: size, to: file)
        try file.sync()
        size += bytes.count
        for change in changes {
            liveBytes += change.count - (live[change.name] ?? 0)
            live[change.name] = change.count > 0 ? change.count : nil
        }
        if size > Self.smallestRewrite, size > 4 * liveBytes { try rewrite() }
    }

    // MARK: Entries

    private static func entry(_ record: ComponentRecord) -> [UInt8] {
        var body = ByteBuffer()
        (record.isEmpty ? Value.map(["n": .text(record.name)]) : record.value).encodeCBOR(into: &body)
        let checksum = body.withUnsafeReadableBytes { rembus_crc32c(0, $0.baseAddress, $0.count) }
        var entry = ByteBuffer()
        entry.writeInteger(UInt32(body.readableBytes), endianness: .little)
        entry.writeInteger(checksum, endianness: .little)
        entry.writeBuffer(&body)
        return Array(entry.readableBytesView)
    }

    /// Reads all whole entries, and sets `size` to where they end.
    private func index(_ content: [UInt8]) -> [ComponentRecord] {
        var records: [ExactText: ComponentRecord] = [:]
        var offset = Self.magic.count
        while let (value, length) = Self.entry(in: content, at: offset), let name = value.mapValue?["n"]?.stringValue {
            records[ExactText(name)] = ComponentRecord(value)
            live[ExactText(name)] = records[ExactText(name)] == nil ? nil : length
            offset += length
        }
        size = offset
        liveBytes = live.values.reduce(0, +)
        return records.values.sorted { $0.name < $1.name }
    }

    private static func entry(in content: [UInt8], at offset: Int) -> (Value, length: Int)? {
        var buffer = ByteBuffer(bytes: content[offset...])
        guard let length = buffer.readInteger(endianness: .little, as: UInt32.self),
            let checksum = buffer.readInteger(endianness: .little, as: UInt32.self),
            let body = buffer.readSlice(length: Int(length)),
            body.withUnsafeReadableBytes({ rembus_crc32c(0, $0.baseAddress, $0.count) }) == checksum,
            let value = try? Value(cbor: body)
        else { return nil }
        return (value, headerBytes + Int(length))
    }

    // MARK: Bytes

    /// Writes what is live into a new file, which then takes the old one's place.
    private func rewrite() throws(StorageError) {
        let records = index(try content())
        let temporary = path + ".new"
        let fresh = try Self.open(temporary, fileSystem)
        let bytes = Self.magic + records.flatMap(Self.entry)
        do throws(StorageError) {
            try fresh.truncate(to: 0)
            try Self.write(bytes, at: 0, to: fresh)
            try fresh.sync()
            try fileSystem.rename(temporary, to: path)
        } catch {
            fresh.close()
            throw error
        }
        file.close()
        file = fresh
        size = bytes.count
    }

    private func content() throws(StorageError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: Int(try file.size()))
        let count = try bytes.withUnsafeMutableBytes { target in
            Result { () throws(StorageError) in try file.read(into: target, at: 0) }
        }.get()
        return Array(bytes.prefix(count))
    }

    private static func write(_ bytes: [UInt8], at offset: Int, to file: any StorageFile) throws(StorageError) {
        try bytes.withUnsafeBytes { bytes in
            Result { () throws(StorageError) in try file.write(bytes, at: UInt64(offset)) }
        }.get()
    }

    private static func open(
        _ path: String, _ fileSystem: any StorageFileSystem
    ) throws(StorageError) -> any StorageFile {
        guard let file = try fileSystem.open(path, readOnly: false) else { throw StorageError("cannot open \(path)") }
        return file
    }
}
