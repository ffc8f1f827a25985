import NIOCore
import RembusWire

/// Brokers behind this one learn of subscriptions and providers as they come and go (protocol.md §9.2).
///
/// Only peers that accept connections themselves are told: plain components have no use for it.
extension Session {
    /// True when this very broker has already passed the command on: it came round a circle and is not taken again.
    func isReturned(_ data: Value) -> Bool {
        data.mapValue?[AdminCommand.Field.routeMarks]?.arrayValue?.contains(.integer(core.meshID)) ?? false
    }

    func flood(_ admin: Message.Admin) {
        let brokers = tables.brokers(of: state.tenant, knowing: admin.topic).filter { $0.session !== self }
        guard !brokers.isEmpty, var data = admin.data.mapValue else { return }
        var marks = data[AdminCommand.Field.routeMarks]?.arrayValue ?? []
        var touched = data[AdminCommand.Field.touchedNames]?.arrayValue ?? []
        let untouched = brokers.filter { !touched.contains(.text($0.name)) }
        guard !untouched.isEmpty else { return }
        marks.append(.integer(core.meshID))
        touched.append(contentsOf: untouched.map { .text($0.name) })
        data[AdminCommand.Field.routeMarks] = .array(marks)
        data[AdminCommand.Field.touchedNames] = .array(touched)
        // Values of other brokers would be publications here.
        data[AdminCommand.Field.lastValue] = nil
        let message = Message.admin(Message.Admin(id: admin.id, topic: admin.topic, data: .map(data)))
        for broker in untouched {
            let session = broker.session
            session.lane.eventLoop.execute {
                session.sendMessage(message)
                session.lane.endBurst()
            }
        }
    }
}
