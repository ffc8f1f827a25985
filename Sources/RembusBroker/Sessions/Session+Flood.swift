import NIOCore
import RembusWire

/// Tells brokers that are connected to this one about subscriptions and providers as they come and go (protocol.md
/// §9.2).
///
/// Only peers that accept connections themselves are told, because plain components have no use for it.
extension Session {
    /// Whether this broker has already passed the command on. The command has then come back through a circle of
    /// brokers and is ignored.
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
        // The last values that another broker sends would be publications here, so none are asked for.
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
