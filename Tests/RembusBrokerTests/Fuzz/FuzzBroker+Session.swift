import RembusListening
import RembusTesting
import RembusTransport
import Testing

@testable import RembusBroker

extension FuzzBroker {
    /// A session on one of the event loops, and the sink that gets what it is sent.
    func open(lane: Int) throws -> (session: GatewaySession, sink: TestSink) {
        let host = GatewayHost(core: core, group: ManualLoopGroup(loops), certificates: nil)
        let sink = TestSink()
        let session = host.makeSession(
            on: loops[lane], address: "127.0.0.1:1", facts: ConnectionFacts(.http), sink: sink)
        return (try #require(session), sink)
    }
}
