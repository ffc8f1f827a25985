import NIOCore

/// The deliveries at QoS 1 and 2 to one component that were sent and not acknowledged (behaviour.md §7): the sender's
/// side of the exchange, as a value without a socket, a clock or a thread.
struct DeliveryWindow {
    typealias Entry = (id: UInt64, delivery: PendingDelivery)

    private var table: CorrelationTable<PendingDelivery>
    /// The bytes of these deliveries.
    private(set) var bytes = 0
    /// The number of deliveries so far, which numbers them in the order of sending.
    private var sent: UInt64 = 0

    /// - Parameter limit: The most deliveries at a time.
    init(limit: Int) { table = CorrelationTable(limit: limit) }

    /// The most deliveries at a time. Deliveries stay when the limit is lowered.
    var limit: Int {
        get { table.limit }
        set { table.limit = newValue }
    }

    var count: Int { table.count }
    var isFull: Bool { table.isFull }

    func contains(_ id: UInt64) -> Bool { table.contains(id) }

    /// Adds a publication that is about to be sent. Returns its id, or nil when the window is full.
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

    /// Removes and returns a delivery that was acknowledged or is not to be sent any more; nil when there is none.
    mutating func take(_ id: UInt64) -> PendingDelivery? {
        guard let delivery = table.take(id) else { return nil }
        bytes -= delivery.publication.buffer.readableBytes
        return delivery
    }

    /// Returns the deliveries whose acknowledgement is late, oldest first, and counts them as sent again now.
    /// `exhausted` has the ids of those that were sent often enough: they rest until the component connects again.
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

    /// Returns the deliveries that earlier connections have left, oldest first, and counts them as sent once on the new
    /// connection.
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

    /// Calls `body` with every delivery, in no particular order.
    mutating func forEach(_ body: (PendingDelivery) -> Void) {
        table.forEach { _, delivery in body(delivery) }
    }

    /// Removes and returns the deliveries for which `isMeant` returns true.
    @discardableResult
    mutating func removeAll(where isMeant: (PendingDelivery) -> Bool = { _ in true }) -> [PendingDelivery] {
        var ids: [UInt64] = []
        table.forEach { id, delivery in if isMeant(delivery) { ids.append(id) } }
        return ids.compactMap { take($0) }
    }

    /// Releases memory that was needed for more deliveries than there are now. Only while the window is empty.
    mutating func shrink() {
        guard count == 0 else { return }
        table = CorrelationTable(limit: limit)
    }
}
