import NIOCore

/// The deliveries to one component at QoS 1 and 2 that were sent and not acknowledged (behaviour.md §7): the sender's side of
/// both, as a value without a socket, a clock or a thread.
struct DeliveryWindow {
    typealias Entry = (id: UInt64, delivery: PendingDelivery)

    private var table: CorrelationTable<PendingDelivery>
    /// Bytes of the messages.
    private(set) var bytes = 0
    /// Deliveries that were ever sent, which says in which order.
    private var sent: UInt64 = 0

    /// - Parameter limit: Most deliveries at a time.
    init(limit: Int) { table = CorrelationTable(limit: limit) }

    /// Most deliveries at a time; lowering it takes none away.
    var limit: Int {
        get { table.limit }
        set { table.limit = newValue }
    }

    var count: Int { table.count }
    var isFull: Bool { table.isFull }

    func contains(_ id: UInt64) -> Bool { table.contains(id) }

    /// Takes up a publication that is about to be sent; its id, or nil when the window is full.
    mutating func send(
        _ publication: RetainedPublication, to subscription: Subscription, receivedAt: UInt64, slot: UInt32?,
        now: NIODeadline
    ) -> UInt64? {
        let delivery = PendingDelivery(
            publication: publication, subscription: subscription, receivedAt: receivedAt, order: sent + 1, sentAt: now,
            sendCount: 1)
        guard let id = table.insert(delivery, slot: slot) else { return nil }
        sent += 1
        bytes += publication.buffer.readableBytes
        return id
    }

    /// Removes and returns a delivery, because it was acknowledged or is not to be sent any more; nil when there is none.
    mutating func take(_ id: UInt64) -> PendingDelivery? {
        guard let delivery = table.take(id) else { return nil }
        bytes -= delivery.publication.buffer.readableBytes
        return delivery
    }

    /// What was not acknowledged in time, oldest first, counted as sent again now; and the ids of what was sent often enough:
    /// that rests until the component comes back.
    mutating func due(now: NIODeadline, timeout: TimeAmount, retries: Int) -> (again: [Entry], exhausted: [UInt64]) {
        var again: [Entry] = []
        var exhausted: [UInt64] = []
        table.forEach { id, delivery in
            guard delivery.sendCount > 0, delivery.sentAt + timeout <= now else { return }
            if delivery.sendCount > retries {
                delivery.sendCount = 0
                exhausted.append(id)
            } else {
                delivery.sendCount += 1
                delivery.sentAt = now
                again.append((id, delivery))
            }
        }
        return (Self.ordered(again), exhausted)
    }

    /// What earlier connections have left to be sent on a new one, oldest first, counted as sent once.
    mutating func resume(now: NIODeadline, where isServed: (Subscription) -> Bool) -> [Entry] {
        var all: [Entry] = []
        table.forEach { id, delivery in
            guard isServed(delivery.subscription) else { return }
            delivery.sendCount = 1
            delivery.sentAt = now
            all.append((id, delivery))
        }
        return Self.ordered(all)
    }

    private static func ordered(_ entries: [Entry]) -> [Entry] {
        entries.sorted { $0.delivery.order < $1.delivery.order }
    }

    /// Calls `body` with every delivery, in no order.
    mutating func forEach(_ body: (PendingDelivery) -> Void) {
        table.forEach { _, delivery in body(delivery) }
    }

    /// Removes and returns those that `isMeant` is true for.
    @discardableResult
    mutating func removeAll(where isMeant: (PendingDelivery) -> Bool = { _ in true }) -> [PendingDelivery] {
        var ids: [UInt64] = []
        table.forEach { id, delivery in if isMeant(delivery) { ids.append(id) } }
        return ids.compactMap { take($0) }
    }

    /// Gives back the memory of the largest number that there ever was. Only while nothing is open.
    mutating func shrink() {
        guard count == 0 else { return }
        table = CorrelationTable(limit: limit)
    }
}
