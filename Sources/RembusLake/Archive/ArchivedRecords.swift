import NIOCore
import RembusStore
import RembusTables
import RembusWire

/// Converts rows of the `message` table to records of a journal page: a header and the publication's frame in its usual
/// form (protocol.md §3).
struct ArchivedRecords {
    /// The numbers of names, for the headers.
    private let number: (String) -> UInt32
    private(set) var bytes = ByteBuffer()
    /// The receive time of the last record; nil without one.
    private(set) var last: UInt64?
    private var frame = ByteBuffer()
    private static let slotFlag = PublishFlags(qos: .atMostOnce, hasSlot: true).rawValue

    init(number: @escaping (String) -> UInt32) {
        self.number = number
    }

    /// A row of the table.
    struct Row {
        var receivedAt: UInt64
        var slot: UInt32?
        var flags: UInt8
        var id: UInt64?
        var topic: UnsafeRawBufferPointer
        /// nil for no arguments.
        var arguments: UnsafeRawBufferPointer?
        /// nil for an anonymous publisher.
        var publisher: String?
        /// nil for the default tenant, which is not stored for anonymous publishers either.
        var tenant: String?
    }

    /// Adds a row. Rows that another implementation has written in a form of its own are left out.
    mutating func append(_ row: Row) {
        last = row.receivedAt
        guard write(row) else { return }
        let header = RecordHeader(
            receivedAt: row.receivedAt, topicHash: 0, publisher: row.publisher.map(number) ?? 0,
            tenant: number(row.tenant ?? MessageBatch.defaultTenant))
        let length = RecordFormat.length(of: frame.readableBytes)
        let message = frame
        bytes.writeWithUnsafeMutableBytes(minimumWritableBytes: length) { target in
            guard let base = target.baseAddress else { return 0 }
            // This sets the padding behind the message to zero.
            base.initializeMemory(as: UInt8.self, repeating: 0, count: length)
            message.withUnsafeReadableBytes { RecordFormat.write(header, message: $0, to: base) }
            return length
        }
    }

    /// Writes the frame. Returns false when the row's arguments are not a CBOR array.
    private mutating func write(_ row: Row) -> Bool {
        frame.clear()
        // The flags may lack the bit of the slot, if another implementation has stored only the slot.
        let flags = (row.flags & 0xF0) | ((row.slot ?? 0) != 0 ? Self.slotFlag : 0)
        if flags == 0 {
            frame.writeBytes([0x83, 0x01])
        } else {
            frame.writeInteger(UInt8(0x84))
            let type = flags | 1
            if type < 24 { frame.writeInteger(type) } else { frame.writeBytes([0x18, type]) }
            frame.writeInteger(UInt8(0x48))
            frame.writeInteger(id(of: row), endianness: .little)
        }
        frame.writeCBORHead(.text, UInt64(row.topic.count))
        frame.writeBytes(row.topic)
        if let arguments = row.arguments, !arguments.isEmpty {
            frame.writeBytes(arguments)
        } else {
            frame.writeInteger(UInt8(0x80))
        }
        let isWhole = frame.withUnsafeReadableBytes { bytes in
            guard case .regular(let header) = FrameHeader.parse(bytes) else { return false }
            return header.kind == .publish && header.end == bytes.count
        }
        return isWhole
    }

    /// The id with the slot in its low half.
    private func id(of row: Row) -> UInt64 {
        guard let slot = row.slot, slot != 0 else { return row.id ?? 0 }
        return (row.id ?? 0) & ~0xFFFF_FFFF | UInt64(slot)
    }
}
