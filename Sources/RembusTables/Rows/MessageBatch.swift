package import RembusWire

/// Rows of the system table `message` and of its companion `message_source` that are to be written together
/// (storage.md §5).
///
/// The column `name` of both tables is the broker's name in every row and not kept here. Not `Sendable`: a batch belongs
/// to one thread.
package final class MessageBatch {
    /// Receive times, nanoseconds since the epoch, 64-bit unsigned.
    package let receivedAt = ColumnBuffer(.uint64)
    /// Slots, 32-bit unsigned, or null.
    package let slots = ColumnBuffer(.uint32)
    /// All flags of the publication: 0, 16, 48, 64, 80 or 112.
    package let qos = ColumnBuffer(.uint8)
    /// Message ids as little-endian integers; null without an id, and for ids of more than 8 bytes.
    package let uids = ColumnBuffer(.uint64)
    package let topics = ColumnBuffer(.text)
    /// The CBOR of the argument arrays.
    package let data = ColumnBuffer(.blob)

    /// Receive times of the messages in `message_source`.
    package let sourceReceivedAt = ColumnBuffer(.uint64)
    /// Publishers' names; null for anonymous ones.
    package let sourcePublishers = ColumnBuffer(.text)
    /// Publishers' tenants, `.` for the default one.
    package let sourceTenants = ColumnBuffer(.text)

    package init() {}

    /// The columns of `message` behind `name`, in the table's order: recv, slot, qos, uid, topic, data.
    package var columns: [ColumnBuffer] { [receivedAt, slots, qos, uids, topics, data] }

    /// The columns of `message_source` behind `name`, in the table's order: recv, publisher, tenant.
    package var sourceColumns: [ColumnBuffer] { [sourceReceivedAt, sourcePublishers, sourceTenants] }

    /// Messages.
    package var rowCount: Int { receivedAt.count }

    /// Rows of `message_source`.
    package var sourceCount: Int { sourceReceivedAt.count }

    /// Bytes that the rows take, approximately.
    package var byteCount: Int { (columns + sourceColumns).reduce(0) { $0 + $1.byteCount } }

    /// The tenant of a message's publisher, ``defaultTenant`` for the default one.
    package func tenant(of message: Int) -> String {
        let time = receivedAt.value(message, as: UInt64.self)
        var (low, high) = (0, sourceCount)
        while low < high {
            let middle = (low + high) / 2
            if sourceReceivedAt.value(middle, as: UInt64.self) < time { low = middle + 1 } else { high = middle }
        }
        guard low < sourceCount, sourceReceivedAt.value(low, as: UInt64.self) == time else { return Self.defaultTenant }
        return String(decoding: sourceTenants.bytes(low), as: UTF8.self)
    }

    /// Removes the rows but keeps the memory for new ones.
    package func reset() {
        for column in columns + sourceColumns { column.removeAll() }
    }

    /// The name of the tenant of those who have none.
    package static let defaultTenant = "."

    /// Adds a record. False, and nothing is added, when its message is not a publication in the usual form.
    ///
    /// - Parameters:
    ///   - receivedAt: Its receive time, which rises from record to record.
    ///   - message: The whole CBOR frame.
    ///   - publisher: The publisher's name, nil for anonymous ones.
    ///   - tenant: The publisher's tenant, nil for the default one.
    @discardableResult
    package func append(
        receivedAt time: UInt64, message: UnsafeRawBufferPointer, publisher: String?, tenant: String?
    ) -> Bool {
        guard case .regular(let frame) = FrameHeader.parse(message), frame.kind == .publish else { return false }
        append(receivedAt: time, frame: frame, message: message, publisher: publisher, tenant: tenant)
        return true
    }

    /// Adds a record whose message was parsed already.
    package func append(
        receivedAt time: UInt64, frame: FrameHeader, message: UnsafeRawBufferPointer, publisher: String?,
        tenant: String?
    ) {
        receivedAt.stage(time)
        if let slot = frame.slot(in: message) { slots.stage(slot) } else { slots.stageNull() }
        qos.stage(frame.flags.rawValue)
        if let id = frame.integerID(in: message) { uids.stage(id) } else { uids.stageNull() }
        topics.stage(bytes: frame.topicBytes(in: message))
        data.stage(bytes: frame.arguments(in: message))
        receivedAt.commit()
        slots.commit()
        qos.commit()
        uids.commit()
        topics.commit()
        data.commit()
        let tenant = tenant ?? Self.defaultTenant
        if publisher != nil || tenant != Self.defaultTenant { appendSource(time, publisher, tenant) }
    }

    private func appendSource(_ time: UInt64, _ publisher: String?, _ tenant: String) {
        sourceReceivedAt.stage(time)
        if let publisher { sourcePublishers.stage(text: publisher) } else { sourcePublishers.stageNull() }
        sourceTenants.stage(text: tenant)
        for column in sourceColumns { column.commit() }
    }
}
