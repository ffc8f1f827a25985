import NIOCore
import RembusTransport
import RembusWire
import Testing

@testable import RembusBroker

/// How long a call may take: the caller's time-out, within the broker's bounds.
@Suite("Time-outs of calls")
struct CallTimeTests {
    private let broker = FuzzBroker(.remembering)

    /// A call that nobody answers, and what its provider got.
    private func call(timeout: UInt64?, lane: Int) throws -> (caller: TestSink, request: Message.Request?) {
        let (provider, requests) = try broker.open(lane: 1)
        #expect(provider.perform(.expose, topic: "slow").status == .ok)
        let (caller, answers) = try broker.open(lane: lane)
        caller.receive(.request(.init(id: MessageID(littleEndian: 7), topic: "slow", arguments: [1], timeout: timeout)))
        caller.endWork()
        broker.settle()
        guard case .request(let request)? = requests.messages.first else { return (answers, nil) }
        return (answers, request)
    }

    /// Waits for the end of a call, which comes with the time of the machine.
    private func text(_ sink: TestSink) -> String? {
        let deadline = NIODeadline.now() + .seconds(60)
        while sink.messages.isEmpty, NIODeadline.now() < deadline { broker.advance(by: .milliseconds(10)) }
        guard case .response(let response)? = sink.messages.first else { return nil }
        #expect(response.status == .methodUnavailable)
        return response.data.stringValue
    }

    @Test("Without one the setting counts, and the request keeps its five elements", arguments: [0, 1])
    func setting(lane: Int) throws {
        let (answers, request) = try call(timeout: nil, lane: lane)
        #expect(try #require(request).timeout == nil)
        #expect(
            text(answers)
                == "The provider of `slow` did not answer within 0.05 s (the broker's `request_timeout`); it may have run (43). "
                + "Call with a longer time-out of your own, or raise the setting.")
    }

    @Test("One of the caller's own counts instead, and reaches the provider", arguments: [0, 1])
    func own(lane: Int) throws {
        let (answers, request) = try call(timeout: 10, lane: lane)
        #expect(try #require(request).timeout == 10)
        #expect(text(answers)?.contains("within 0.01 s (the time-out of the call)") == true)
    }

    @Test(
        "A provider is told what the broker grants",
        arguments: [(5000, 5000), (3_600_001, 3_600_000), (.max, 3_600_000)])
    func granted(asked: UInt64, told: UInt64) throws {
        #expect(try #require(call(timeout: asked, lane: 0).request).timeout == told)
    }

    @Test("The limit and who sets it")
    func limits() {
        let core = broker.core
        #expect(core.limit(asked: nil).description == "0.05 s (the broker's `request_timeout`)")
        #expect(core.limit(asked: nil).told == nil)
        // Shorter and longer than the setting.
        #expect(core.limit(asked: 1).description == "0.001 s (the time-out of the call)")
        #expect(core.limit(asked: 3_600_000).description == "3600 s (the time-out of the call)")
        #expect(core.limit(asked: 3_600_001).description == "3600 s (the broker's `max_request_timeout`)")
        #expect(core.limit(asked: .max).timeout == .hours(1))
    }
}
