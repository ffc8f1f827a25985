import NIOCore
import RembusListening
import RembusTesting
import RembusTransport
import RembusWire
import Testing

@testable import RembusBroker

/// Keeps what a port says to its gateway, and what its requests came to, in the order in which it came.
final class TestPortOwner: RequestPortOwner {
    private(set) var outcomes: [(name: String, outcome: PublishOutcome)] = []
    private(set) var answers: [(status: StatusCode, data: Value)?] = []
    private(set) var isTaking = true
    private(set) var hasEnded = false
    private(set) var units = 0

    func port(_ port: RequestPort, takes isTaking: Bool) { self.isTaking = isTaking }
    func portAnswered(_ port: RequestPort) {
        units += 1
        port.endWork()
    }
    func portRests(_ port: RequestPort) {}
    func portEnds(_ port: RequestPort) { #expect(!hasEnded) }
    func portEnded(_ port: RequestPort) { hasEnded = true }

    /// The outcomes alone.
    var published: [PublishOutcome] { outcomes.map(\.outcome) }

    func publish(_ topic: String, qos: QoS = .atMostOnce, on port: RequestPort, as name: String = "") {
        var draft = port.draft(topic, qos: qos)
        draft.frame.writeCBORArray([1])
        port.publish(draft) { self.outcomes.append((name, $0)) }
    }

    func call(_ method: String, target: String? = nil, _ arguments: [Value] = [], on port: RequestPort) {
        var call = port.request(method, target: target, timeout: nil)
        call.frame.writeCBORArray(arguments)
        port.call(call) { self.note($0) }
    }

    func administer(_ topic: String, _ command: Value, on port: RequestPort) {
        port.administer(topic, command) { self.note($0) }
    }

    private func note(_ outcome: RequestOutcome) {
        switch outcome {
        case .answered(let status, let data):
            answers.append((status, (try? data.value(limits: .standard)) ?? .text("too much")))
        case .ended: answers.append(nil)
        }
    }
}

extension FuzzBroker {
    /// A port on one of the event loops, and the gateway that it belongs to.
    func openPort(lane: Int = 0) throws -> (port: RequestPort, owner: TestPortOwner) {
        let host = GatewayHost(core: core, group: ManualLoopGroup(loops), certificates: nil)
        let owner = TestPortOwner()
        let port = host.makePort(
            on: loops[lane], address: "127.0.0.1:1", facts: ConnectionFacts(.http), owner: owner)
        return (try #require(port), owner)
    }
}
