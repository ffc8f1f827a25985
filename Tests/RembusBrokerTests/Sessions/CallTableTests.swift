import NIOCore
import RembusWire
import Testing

@testable import RembusBroker

@Suite("The calls of a connection")
struct CallTableTests {
    private let broker = FuzzBroker(.remembering, lanes: 1)
    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000_000)

    private func call(_ topic: String, seconds: Int64, at forwardedAt: NIODeadline) throws -> RoutedCall {
        let (caller, _) = try broker.open(lane: 0)
        return RoutedCall(
            caller: caller.session, callerID: MessageID(littleEndian: 5), topic: topic, forwardedAt: forwardedAt,
            limit: CallLimit(timeout: .seconds(seconds), source: .caller))
    }

    @Test("An answer finds its call once")
    func answers() throws {
        var table = CallTable(limit: 4)
        let first = table.forward(try call("a", seconds: 1, at: start))
        let second = table.forward(try call("b", seconds: 1, at: start))
        let (one, two) = (try #require(first), try #require(second))
        #expect(one != two)
        var answered = table.answered(one)
        #expect(answered?.topic == "a")
        answered = table.answered(one)
        #expect(answered == nil && table.forwardedCount == 1)
    }

    @Test("A provider has only so many calls to answer")
    func limit() throws {
        var table = CallTable(limit: 2)
        let ids = try (0..<3).map { _ in table.forward(try call("a", seconds: 1, at: start)) }
        #expect(ids[0] != nil && ids[1] != nil && ids[2] == nil)
    }

    @Test("Each call has its own time")
    func expiry() throws {
        var table = CallTable(limit: 10)
        for (topic, seconds) in [("slow", Int64(10)), ("fast", 1), ("later", 1)] {
            _ = table.forward(try call(topic, seconds: seconds, at: topic == "later" ? start + .seconds(1) : start))
        }
        var expired = table.takeExpired(now: start + .seconds(1))
        #expect(expired.map(\.topic) == ["fast"])
        expired = table.takeExpired(now: start + .seconds(2))
        #expect(expired.map(\.topic) == ["later"])
        expired = table.takeForwarded()
        #expect(expired.map(\.topic) == ["slow"])
        expired = table.takeForwarded()
        #expect(table.forwardedCount == 0 && expired.isEmpty)
    }
}
