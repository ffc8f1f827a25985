import Foundation
import NIOCore
import RembusTransport
import RembusWire

extension Session {
    /// The link to another broker in a status; nil for a component's connection.
    var linkStatus: BrokerStatus.Link? {
        guard let brokerLink, brokerLink.entry != nil, let name = state.name else { return nil }
        let counts = core.mesh.counts(brokerLink.id, of: state.tenant)
        return BrokerStatus.Link(
            name: state.user ?? name, url: brokerLink.isDialed ? name : nil,
            state: brokerLink.isResting ? .resting : .connected,
            implementation: brokerLink.isOurs ? .ours : .other, address: link.remoteAddress,
            since: Date(nanoseconds: openedAt), heard: counts.heard, told: counts.told,
            received: brokerLink.traffic.received, dropped: brokerLink.traffic.dropped, sent: brokerLink.traffic.sent,
            backlogBytes: link.backlog, inFlight: state.inFlight.count)
    }

    /// Answers the administrators' command `nodes`: this broker, and its links to others. Asks every lane for its own.
    func listNodes(_ id: MessageID) {
        core.audit("admin.nodes", self, outcome: "done")
        wait()
        let parts = core.lanes.map { lane in
            lane.eventLoop.submit { lane.sessions.values.compactMap(\.linkStatus) }
        }
        EventLoopFuture.whenAllSucceed(parts, on: lane.eventLoop).whenComplete { [self] result in
            let links = core.links((try? result.get())?.flatMap { $0 } ?? [])
            let answer: Value = .map([
                "name": .text(core.name), "version": .text(RembusVersion.current),
                "uptime": .float(Double((NIODeadline.now() - core.startedAt).nanoseconds) / 1e9),
                "links": .array(links.map(\.value)),
            ])
            proceed { self.respond(id, .ok, answer) }
        }
    }
}

extension BrokerCore {
    /// The links that are up together with those that this broker cannot make at the moment, by name.
    func links(_ open: [BrokerStatus.Link]) -> [BrokerStatus.Link] {
        let urls = Set(open.compactMap(\.url))
        return (open + mesh.downLinks.filter { !urls.contains($0.url ?? "") })
            .sorted { ($0.name, $0.url ?? "") < ($1.name, $1.url ?? "") }
    }
}

extension BrokerStatus.Link {
    /// The link as the command `nodes` answers it.
    fileprivate var value: Value {
        func text(_ text: String?) -> Value { text.map { .text($0) } ?? .null }
        func number(_ number: UInt64) -> Value { .integer(Int64(clamping: number)) }
        return .map([
            "name": .text(name), "url": text(url), "state": .text(state.rawValue),
            "implementation": text(implementation?.rawValue), "address": text(address),
            "seconds": .float(max(0, -since.timeIntervalSinceNow)), "problem": text(problem),
            "heard": .integer(Int64(heard)), "told": .integer(Int64(told)), "received": number(received),
            "dropped": number(dropped), "sent": number(sent), "backlog": .integer(Int64(backlogBytes)),
            "in_flight": .integer(Int64(inFlight)),
        ])
    }
}
