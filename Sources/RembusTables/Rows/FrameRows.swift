package import NIOCore
import RembusWire

/// A publication that is a dataframe: rows that are still to be read and cast (storage.md §4.4).
package struct FrameRows {
    /// An Arrow IPC stream that is not parsed yet.
    package let payload: ByteBuffer
    /// The receive time of all rows.
    package let receivedAt: UInt64
    /// The slot of all rows.
    package let slot: UInt32?
    /// How the topic fills the table.
    package let match: TableMatch
    /// Per payload column of the table: what it gets when the frame does not have it.
    package let missing: [FrameConstant]

    /// Whether the item at the scanner has tag 80.
    static func isFrame(_ scanner: CBORScanner) -> Bool {
        var scanner = scanner
        guard let head = scanner.head() else { return false }
        return head.major == .tag && head.argument == Value.Tag.dataFrame
    }

    /// The bytes inside tag 80; nil when its content is not a byte string.
    static func payload(_ scanner: CBORScanner) -> ByteBuffer? {
        var scanner = scanner
        guard scanner.head() != nil, let content = CBORScalar.read(&scanner) else { return nil }
        switch content {
        case .bytes(let bytes): return ByteBuffer(bytes: bytes)
        // A byte string in pieces.
        case .other(let item): return (try? Value(cbor: ByteBuffer(bytes: item)))?.bytesValue
        default: return nil
        }
    }
}
