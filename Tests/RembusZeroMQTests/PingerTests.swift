#if WITH_ZEROMQ
import NIOCore
import RembusWire
import Testing

@testable import RembusZeroMQ

@Suite struct PingerTests {
    let start = NIODeadline.uptimeNanoseconds(1_000_000_000)

    @Test func aComponentPingsWithItsNameEveryInterval() throws {
        var pinger = Pinger(interval: .seconds(30), now: start)
        #expect(pinger.due(start + .seconds(29), name: "pump7") == .nothing)
        guard case .ping(let header) = pinger.due(start + .seconds(30), name: "pump7") else {
            Issue.record("no ping")
            return
        }
        guard case .ping(_, "pump7") = try Message(cbor: ByteBuffer(bytes: header)) else {
            Issue.record("not a ping of pump7")
            return
        }
        #expect(pinger.due(start + .seconds(31), name: "pump7") == .nothing)
    }

    @Test func twoSilentIntervalsAreTheEnd() {
        var pinger = Pinger(interval: .seconds(1), now: start)
        #expect(pinger.due(start + .seconds(1), name: "a") != .lost)
        #expect(pinger.due(start + .seconds(2), name: "a") != .lost)
        #expect(pinger.due(start + .seconds(3), name: "a") == .lost)
    }

    @Test func whoeverIsHeardIsAlive() {
        var pinger = Pinger(interval: .seconds(1), now: start)
        for second in 1...10 {
            #expect(pinger.due(start + .seconds(Int64(second)), name: "a") != .lost)
            pinger.heard()
        }
    }

    @Test func nobodyPingsWithoutANameOrAnInterval() {
        var nameless = Pinger(interval: .seconds(1), now: start)
        #expect(nameless.due(start + .seconds(9), name: nil) == .nothing)
        var quiet = Pinger(interval: nil, now: start)
        #expect(quiet.due(start + .hours(9), name: "a") == .nothing)
        #expect(quiet.waitTime(start) == -1)
    }

    @Test func answersToPingsAreToldFromOthers() {
        let pinger = Pinger(interval: .seconds(1), now: start)
        var answer = pinger.hello()
        answer[1] = 4
        answer[11] = 0
        answer = Array(answer[..<12])
        #expect(answer.withUnsafeBytes { pinger.answer($0) } == .fine)
        answer[11] = 11
        #expect(answer.withUnsafeBytes { pinger.answer($0) } == .unknown)
        answer[3] ^= 1
        #expect(answer.withUnsafeBytes { pinger.answer($0) } == .other)
    }
}
#endif
