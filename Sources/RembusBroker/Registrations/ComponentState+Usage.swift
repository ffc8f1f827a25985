import NIOCore
import RembusStore
import RembusWire

/// The memory that a component's state takes, and how the state is packed while nobody is connected.
///
/// Guarded by the routing tables' lock. Called while no session knows the state, or only the calling one.
extension ComponentState {
    typealias Usage = RegistrationLedger.Usage

    /// The usage while a session is bound to the state.
    var usageWhileConnected: Usage {
        var bytes = gatewayBytes
        for topic in subscriptions.keys { bytes += RegistrationLedger.bytes(of: topic.text) }
        for topic in exposed { bytes += RegistrationLedger.bytes(of: topic.text) }
        return Usage(bytes: bytes)
    }

    /// The usage while no session is bound to the state.
    var usageWhileAway: Usage {
        var usage = usageWhileConnected
        usage.names = 1
        usage.bytes += RegistrationLedger.bytesOfName + heldBytes + (packed?.byteCount ?? 0)
        return usage
    }

    /// Bytes of messages that wait for the component, and of the ids that recognise duplicates of its own.
    private var heldBytes: Int {
        var bytes = inFlight.bytes + duplicates.count * RegistrationLedger.bytesOfDuplicate
        for subscription in subscriptions.values {
            for (publication, _) in subscription.share?.postponed ?? [] { bytes += publication.buffer.readableBytes }
        }
        return bytes
    }

    /// Whether there is something that a record does not contain.
    private var holdsMessages: Bool {
        inFlight.count > 0
            || subscriptions.values.contains { $0.share?.postponed.isEmpty == false || !$0.taken.isEmpty }
    }

    /// Packs the subscriptions into bytes until the component comes back. Not while messages belong to them.
    func pack() {
        guard packed == nil, !subscriptions.isEmpty, !holdsMessages, let record = record(isConnected: false) else {
            return
        }
        packed = PackedComponent(record)
        subscriptions = [:]
        inFlight.shrink()
    }

    /// Unpacks the subscriptions, before anything is done with them.
    func unpack() {
        guard let packed else { return }
        self.packed = nil
        if let record = packed.record { restoreSubscriptions(record) }
    }

    /// Drops the messages that wait for the component, as a restart of the broker does. Those that the store still has
    /// are sent from there.
    func dropHeldMessages() {
        for delivery in inFlight.removeAll() { delivery.subscription.owed.insert(delivery.receivedAt) }
        for subscription in subscriptions.values { subscription.share?.postponed.removeAll() }
        duplicates.removeAll()
    }
}
