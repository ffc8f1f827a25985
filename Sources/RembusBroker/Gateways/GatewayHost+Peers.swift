package import NIOCore
package import RembusListening
package import RembusTransport
package import RembusWire

/// Connections that this broker makes to others.
extension GatewayHost {
    /// The number of this broker, which it says of itself to others.
    package var brokerNumber: UInt64 { core.mesh.own }

    /// The name of an entry that only brokers of ours have: in `meta` with the version of what they tell each other, and in the
    /// answer to a login with the broker's number.
    package static var brokerNumberKey: String { Session.meshKey }

    /// Says of a link that this broker is to make that it is down, for status and metrics; nil when it is up.
    package func noteDialed(_ url: String, name: String, problem: String?) {
        core.mesh.noteDialed(url, name: name, problem: problem)
    }

    /// Makes the link of a connection that was dialed. On its event loop, which must be one of ``group``.
    package func makeLink(
        on eventLoop: any EventLoop, _ configuration: LinkConfiguration, address: String, delegate: any LinkDelegate
    ) -> Link {
        let links = core.lane(of: eventLoop)?.links ?? LinkGroup(eventLoop: eventLoop)
        return Link(
            role: .client, group: links, configuration: configuration, remoteAddress: address, delegate: delegate)
    }

    /// Makes the session of a broker that has let this one in, behind the link that was dialed. Only on the link's event loop;
    /// nil when this broker is about to stop.
    ///
    /// - Parameter broker: The number that the other one has said of itself; nil when it is of another implementation.
    package func makeSession(on link: Link, facts: ConnectionFacts, broker: UInt64?) -> GatewaySession? {
        guard !isStopping, let lane = core.lane(of: link.eventLoop) else { return nil }
        let session = Session(lane: lane, link: link, facts: facts)
        session.brokerLink = BrokerLink(isDialed: true, isOurs: broker != nil, broker: broker)
        link.delegate = session
        lane.add(session)
        session.report(.connected)
        return GatewaySession(session)
    }
}

extension GatewaySession {
    /// Takes the link to the other broker into use, when it has a name here. `exports` is what the answer to the login has said.
    package func startLink(_ exports: Value) {
        guard let broker = session.brokerLink else { return }
        let lists = exports.arrayValue ?? []
        func texts(_ index: Int) -> [String] {
            lists.count > index ? (lists[index].arrayValue ?? []).compactMap(\.stringValue) : []
        }
        let actions = session.joinMesh(broker)
        session.hearList(methods: texts(0), topics: texts(1), broker)
        session.startMesh(broker, actions, isListed: false)
    }
}
