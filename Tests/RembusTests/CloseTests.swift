import RembusWire
import Testing

@testable import Rembus

@Suite(.timeLimit(.minutes(5)), .serialized)
struct CloseTests {
    /// Whatever races with the end of a component comes to an end itself.
    @Test(arguments: 0..<20)
    func nothingHangsWhenACloseComesInBetween(_ round: Int) async throws {
        let (_, peer, component) = try await FakeBroker.connected()
        async let all: Void = withTaskGroup { group in
            for number in 0..<40 {
                group.addTask {
                    do {
                        while true {
                            // Publishers that never wait would leave no thread for the others.
                            await Task.yield()
                            switch number % 4 {
                            case 0: try await component.publish("t", number)
                            case 1: try await component.publish("t", number, qos: .atLeastOnce)
                            case 2: try await component.call("m", number)
                            default: _ = try await component.subscribe("t\(number)")
                            }
                        }
                    } catch {}
                }
            }
        }
        for _ in 0...round { _ = try await peer.next() }
        await component.close()
        await all
        #expect(component.inFlightCount == 0)
    }

    @Test func closingTwiceIsFine() async throws {
        let (_, _, component) = try await FakeBroker.connected()
        await component.close()
        await component.close()
        let error = await #expect(throws: RembusError.self) { try await component.subscribe("t") }
        #expect(error?.code == .closed)
    }

    @Test func aClosedComponentIsReleased() async throws {
        weak var connection: Connection?
        do {
            let (_, _, component) = try await FakeBroker.connected()
            connection = component.connection
            await component.close()
        }
        // The last task of the event loop may still hold it, but not for ever.
        for _ in 0..<6000 where connection != nil { try await Task.sleep(for: .milliseconds(10)) }
        #expect(connection == nil)
    }

    @Test func endlessTimeoutsDoNotTrap() async throws {
        let (_, peer, component) = try await FakeBroker.connected(
            configuration: .test {
                $0.requestTimeout = .seconds(Int64.max)
                $0.acknowledgementTimeout = .seconds(Int64.max)
                $0.pingInterval = .seconds(Int64.max)
            })
        async let result: Int = component.call("m")
        peer.answer(try await peer.nextRequest(), 1)
        #expect(try await result == 1)
        await component.close()
    }
}
