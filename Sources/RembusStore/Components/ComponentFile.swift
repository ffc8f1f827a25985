import CRembusChecksum
import NIOCore
import RembusWire

/// The file of component records. The newest entry of a name counts; an empty entry removes the name.
///
/// An entry consists of its length and CRC-32C (UInt32 each, little-endian) and a CBOR map. The file only grows until
/// most of its entries are out of date; then a new file with the current entries replaces it. An incomplete entry at
/// the end, left by a crash, is cut off.
package final class ComponentFile {
    private let path: String
    private let fileSystem: any StorageFileSystem
    private var file: any StorageFile
    private var live: [ExactText: Int] = [:]
    private var liveBytes = 0
    private var size = 0
    /// Whether the file keeps its name through a power failure.
    private var isNameSynced = true

    private static let headerBytes = 8
    private static let magic: [UInt8] = Array("RBCOMP1\n".utf8)
    /// A smaller file is not worth rewriting.
    private static let smallestRewrite = 1 << 20

    /// What the file held when it was opened, until ``takeComponents()`` is called.
    private var components: [PackedComponent] = []
    /// How many bytes at the file's end were unreadable when it was opened.
    package private(set) var lostBytes = 0

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
    package init(_ path: String, fileSystem: any StorageFileSystem = Disk()) throws(StorageError) {
        self.path = path
        self.fileSystem = fileSystem
        file = try Self.open(path, fileSystem)
        let content = try content()
        let found = content.readableBytesView
        guard found.starts(with: Self.magic.prefix(found.count)) else {
            throw StorageError("\(path) is no file of component records; move it away and start again")
        }
        guard found.count >= Self.magic.count else {
            try Self.write(ByteBuffer(bytes: Self.magic), at: 0, to: file)
            size = Self.magic.count
            isNameSynced = false
            return
        }
        components = index(content)
        lostBytes = found.count - size
        if lostBytes > 0 { try file.truncate(to: UInt64(size)) }
    }

    deinit { close() }

    /// Closes the file, which cannot be used from then on.
    package func close() { file.close() }

    /// Adds or replaces records; a record without content removes its name. With `isSynced`, these records and all
    /// earlier ones are durable when the method returns.
    package func save(_ records: [ComponentRecord], isSynced: Bool = true) throws(StorageError) {
        var bytes = ByteBuffer()
        var changes: [(name: ExactText, count: Int)] = []
        for record in records {
            let start = bytes.writerIndex
            Self.append(record, to: &bytes)
            changes.append((ExactText(record.name), record.isEmpty ? 0 : bytes.writerIndex - start))
        }
        // The deleted file can still be read, so its content is written anew at the same path.
        if file.isDeleted { try rewrite() }
        try Self.write(bytes, at: size, to: file)
        if isSynced { try sync() }
        size += bytes.readableBytes
        for change in changes {
            liveBytes += change.count - (live[change.name] ?? 0)
            live[change.name] = change.count > 0 ? change.count : nil
        }
        guard size > Self.smallestRewrite, size > 3 * liveBytes else { return }
        try rewrite()
        if isSynced { try sync() }
    }

    private func sync() throws(StorageError) {
        try file.sync()
        guard !isNameSynced else { return }
        try fileSystem.syncDirectory(path.parentFolder)
        isNameSynced = true
    }

    // MARK: Entries

    private static func append(_ record: ComponentRecord, to bytes: inout ByteBuffer) {
        var body = ByteBuffer()
        (record.isEmpty ? Value.map([.text(ComponentRecord.Field.name): .text(record.name)]) : record.value)
            .encodeCBOR(into: &body)
        append(body, to: &bytes)
    }

    private static func append(_ body: ByteBuffer, to bytes: inout ByteBuffer) {
        let checksum = body.withUnsafeReadableBytes { rembus_crc32c(0, $0.baseAddress, $0.count) }
        bytes.writeInteger(UInt32(body.readableBytes), endianness: .little)
        bytes.writeInteger(checksum, endianness: .little)
        bytes.writeImmutableBuffer(body)
    }

    /// Reads all whole entries and sets `size` to where they end. The components share `content`'s memory until the
    /// end; then each current one gets a copy of its own, so that replaced entries cost no memory.
    private func index(_ content: ByteBuffer) -> [PackedComponent] {
        var content = content
        var found: [ExactText: PackedComponent] = [:]
        live = [:]
        size = Self.magic.count
        content.moveReaderIndex(forwardBy: size)
        while let body = Self.entry(&content) {
            let component = PackedComponent(cbor: body)
            guard let name = component?.name ?? Self.name(body) else { break }
            let length = Self.headerBytes + body.readableBytes
            let key = ExactText(name)
            found[key] = component?.isEmpty == false ? component : nil
            live[key] = found[key] == nil ? nil : length
            size += length
        }
        liveBytes = live.values.reduce(0, +)
        return found.values.map(\.detached).sorted { $0.name < $1.name }
    }

    /// The body of the next entry; moves the reader index past the entry. Nil, with the reader index unmoved, when the
    /// entry is not whole.
    private static func entry(_ content: inout ByteBuffer) -> ByteBuffer? {
        var rest = content
        guard let length = rest.readInteger(endianness: .little, as: UInt32.self),
            let checksum = rest.readInteger(endianness: .little, as: UInt32.self),
            let body = rest.readSlice(length: Int(length)),
            body.withUnsafeReadableBytes({ rembus_crc32c(0, $0.baseAddress, $0.count) }) == checksum
        else { return nil }
        content = rest
        return body
    }

    /// The name that an entry without a component removes.
    private static func name(_ body: ByteBuffer) -> String? {
        (try? Value(cbor: body))?.mapValue?[ComponentRecord.Field.name]?.stringValue
    }

    // MARK: Bytes

    /// Writes the current entries into a new file, which then replaces the old one.
    private func rewrite() throws(StorageError) {
        var bytes = ByteBuffer(bytes: Self.magic)
        for component in index(try content()) { Self.append(component.encoded, to: &bytes) }
        let temporary = path + ".new"
        let fresh = try Self.open(temporary, fileSystem)
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
        isNameSynced = false
        size = bytes.readableBytes
    }

    private func content() throws(StorageError) -> ByteBuffer {
        let file = self.file
        let count = Int(try file.size())
        guard count < Int(UInt32.max) else {
            throw StorageError("\(path) is larger than 4 GiB; move it away and start again")
        }
        var bytes = ByteBuffer()
        _ = try bytes.writeWithUnsafeMutableBytes(minimumWritableBytes: count) { target throws(StorageError) in
            try file.read(into: UnsafeMutableRawBufferPointer(rebasing: target[..<count]), at: 0)
        }
        return bytes
    }

    private static func write(_ bytes: ByteBuffer, at offset: Int, to file: any StorageFile) throws(StorageError) {
        try bytes.withUnsafeReadableBytes { bytes throws(StorageError) in
            try file.write(bytes, at: UInt64(offset))
        }
    }

    private static func open(
        _ path: String, _ fileSystem: any StorageFileSystem
    ) throws(StorageError) -> any StorageFile {
        guard let file = try fileSystem.open(path, readOnly: false) else { throw StorageError("cannot open \(path)") }
        return file
    }
}
