import NIOCore
import RembusWire

/// A component's record as stored bytes, of which only the head is decoded: what the broker must know of a component
/// that is not connected. The subscriptions are decoded when the component reconnects. Thus a large fleet costs little
/// memory while it is away, and the time that the broker takes to start does not depend on the number of subscriptions.
package struct PackedComponent: Sendable {
    /// The record without its subscriptions.
    package let head: ComponentRecord
    package let hasSubscriptions: Bool
    private let bytes: ByteBuffer

    /// Packs a record.
    package init(_ record: ComponentRecord) {
        var head = record
        head.subscriptions = []
        head.isConnected = false
        self.head = head
        hasSubscriptions = !record.subscriptions.isEmpty
        var bytes = ByteBuffer()
        record.value.encodeCBOR(into: &bytes)
        self.bytes = bytes
    }

    /// Reads the head of what ``ComponentRecord/value`` encodes to; nil for anything else.
    init?(cbor bytes: ByteBuffer) {
        let head = bytes.withUnsafeReadableBytes { raw -> (ComponentRecord, Bool)? in
            var reader = CBORReader(raw, of: bytes, limits: .standard)
            guard let map = try? reader.readHead(), map.major == .map, !map.isIndefinite else { return nil }
            var pairs: [ValueMap.Pair] = []
            for _ in 0..<map.argument {
                guard let key = try? reader.readValue() else { return nil }
                // The subscriptions come last.
                if key.stringValue == ComponentRecord.Field.subscriptions {
                    guard let list = try? reader.readHead(), list.major == .array else { return nil }
                    pairs.append(ValueMap.Pair(key: key, value: .array([])))
                    let record = ComponentRecord(.map(ValueMap(pairs: pairs)))
                    return record.map { ($0, list.argument > 0 || list.isIndefinite) }
                }
                guard let value = try? reader.readValue(depth: 1) else { return nil }
                pairs.append(ValueMap.Pair(key: key, value: value))
            }
            return nil
        }
        guard let (record, hasSubscriptions) = head else { return nil }
        self.head = record
        self.hasSubscriptions = hasSubscriptions
        self.bytes = bytes
    }

    package var name: String { head.name }
    package var isEmpty: Bool { !hasSubscriptions && head.exposed.isEmpty }
    /// How many bytes the record has.
    package var byteCount: Int { bytes.readableBytes }
    /// The whole record; nil when the stored bytes are not a record.
    package var record: ComponentRecord? { (try? Value(cbor: bytes)).flatMap { ComponentRecord($0) } }

    /// The same component with a copy of its bytes, which otherwise may be part of a larger buffer.
    var detached: PackedComponent {
        PackedComponent(head, hasSubscriptions, ByteBuffer(bytes: bytes.readableBytesView))
    }
    /// The bytes to write to the file.
    var encoded: ByteBuffer { bytes }

    private init(_ head: ComponentRecord, _ hasSubscriptions: Bool, _ bytes: ByteBuffer) {
        self.head = head
        self.hasSubscriptions = hasSubscriptions
        self.bytes = bytes
    }
}
