package import NIOCore
import RembusListening
package import RembusWire
import Synchronization

/// Commands for a component other than the one that asks, for gateways whose requests are not the component's own.
extension GatewayHost {
    /// Changes with every change of the rules. On any thread.
    package var rulesVersion: UInt64 { core.tables.rulesVersion.load(ordering: .acquiring) }

    /// Carries out a command (protocol.md §8) as if the component `name` had sent it: on its connection or, if it has
    /// none, on its kept state. Call it on `eventLoop`, one of ``group``; `completion` is called there too.
    ///
    /// The caller has checked that the asker may do so.
    package func perform(
        _ command: AdminCommand, topic: String, for name: String, isProven: Bool, address: String,
        on eventLoop: any EventLoop, _ completion: @escaping @Sendable (StatusCode, Value) -> Void
    ) {
        if let holder = core.tables.holder(of: name) {
            return holder.lane.eventLoop.execute {
                guard !holder.isClosed, holder.state.name == name else {
                    return eventLoop.execute { completion(.error, .text("\(name) is just leaving; try again")) }
                }
                holder.lane.beginBurst()
                // A refusal is about the asker and not about the component.
                let own = holder.gateway.asker
                holder.gateway.asker = { address }
                let outcome = holder.performForGateway(command, topic: topic)
                holder.gateway.asker = own
                holder.lane.whenSaved { eventLoop.execute { completion(outcome.status, outcome.data) } }
                holder.lane.endBurst()
            }
        }
        let sink = NoSink()
        guard
            let session = makeSession(
                on: eventLoop, address: address, facts: ConnectionFacts(.http), sink: sink)
        else { return completion(.error, .text("the broker is not ready")) }
        let box = NIOLoopBound(session, eventLoop: eventLoop)
        session.logIn(GatewaySession.Login(name: name, isProven: isProven)) { result in
            let session = box.value
            switch result {
            case .success:
                let outcome = session.perform(command, topic: topic)
                session.session.lane.whenSaved { completion(outcome.status, outcome.data) }
                // Closing the session saves the state.
                session.close()
            case .failure(let failure):
                session.close()
                completion(.error, .text("\(name): \(failure.sentence)"))
            }
        }
    }
}

extension GatewaySession.LoginFailure {
    fileprivate var sentence: String {
        switch self {
        case .unusable(let text): text
        case .taken: "just connected elsewhere; try again"
        case .wrongSecret, .needsProof: "the name has to be proven with its shared secret"
        }
    }
}
