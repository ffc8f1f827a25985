import NIOCore
import RembusStore
import RembusWire

/// What a component's state takes of the memory, and how it is made small while nobody is connected.
///
/// Guarded by the routing tables' lock, and called while no session or only the calling one knows the state.
extension ComponentState {
    typealias Usage = RegistrationLedger.Usage

    /// While a session is bound.
    var usageWhileConnected: Usage {
        var bytes = gatewayBytes
        for topic in subscriptions.keys { bytes += RegistrationLedger.bytes(of: topic.text) }
        for topic in exposed { bytes += RegistrationLedger.bytes(of: topic.text) }
        return Usage(bytes: bytes)
    }

    /// While none is.
    var usageWhileAway: Usage {
        var usage = usageWhileConnected
        usage.names = 1
        usage.bytes += RegistrationLedger.bytesOfName + heldBytes + (packed?.byteCount ?? 0)
        return usage
    }

    /// Messages that wait for the component, and what its own are recognised by.
    private var heldBytes: Int {
        var bytes = inFlight.bytes + duplicates.count * RegistrationLedger.bytesOfDuplicate
        for subscription in subscriptions.values {
            for (publication, _) in subscription.share?.postponed ?? [] { bytes += publication.buffer.readableBytes }
        }
        return bytes
    }

    /// Whether there is something that a record does not say.
    private var holdsMessages: Bool {
        inFlight.count > 0
            || subscriptions.values.contains { $0.share?.postponed.isEmpty == false || !$0.taken.isEmpty }
    }

    /// Keeps the subscriptions as bytes until the component comes back. Not while messages belong to them.
    func pack() {
        guard packed == nil, !subscriptions.isEmpty, !holdsMessages, let record = record(isConnected: false) else {
            return
        }
        packed = PackedComponent(record)
        subscriptions = [:]
        inFlight.shrink()
    }

    /// The opposite, before anything is done with the subscriptions.
    func unpack() {
        guard let packed else { return }
        self.packed = nil
        if let record = packed.record { restoreSubscriptions(record) }
    }

    /// Gives up the messages that wait for the component, as a restart of the broker does: those that the store still has
    /// are sent from there.
    func dropHeldMessages() {
        for delivery in inFlight.removeAll() { delivery.subscription.owed.insert(delivery.receivedAt) }
        for subscription in subscriptions.values { subscription.share?.postponed.removeAll() }
        duplicates.removeAll()
    }
}
