import RembusBroker
import RembusTesting
import RembusWire
import Testing

/// Who of several providers is asked: behaviour.md §8.
@Suite("Choice of a provider")
struct ProviderChoiceTests {
    /// Providers of one method, in the order in which they registered, and somebody who calls it.
    private struct Staff {
        let stage: Stage
        var providers: [InProcessPeer]
        let caller: InProcessPeer
        /// The calls that each provider was asked and has not answered.
        private var open: [[Message.Request]]

        init(_ policy: RoutingPolicy?, loops: Int) throws {
            stage = try Stage(loops: loops) { if let policy { $0.policy = policy } }
            providers = []
            for number in 0..<3 {
                let provider = try stage.peer("p\(number)")
                try provider.expose("work")
                providers.append(provider)
            }
            caller = try stage.peer("caller")
            open = [[], [], []]
        }

        /// The number of the one provider that was asked something new.
        mutating func asked() throws -> Int {
            var found: [Int] = []
            for (number, provider) in providers.enumerated() {
                for case .request(let request) in try provider.receive() {
                    open[number].append(request)
                    found.append(number)
                }
            }
            #expect(found.count == 1)
            return try #require(found.first)
        }

        mutating func answerAll(_ number: Int) {
            for request in open[number] { providers[number].answer(request, .integer(Int64(number))) }
            open[number] = []
        }

        /// Calls one after the other, each answered; gives who was asked.
        mutating func serve(_ calls: Int, of topic: String = "work", for other: InProcessPeer? = nil) throws -> [Int] {
            let caller = other ?? self.caller
            return try (0..<calls).map { _ in
                let id = caller.sendCall(topic)
                let number = try asked()
                answerAll(number)
                #expect(try caller.answer(to: id)?.data == .integer(Int64(number)))
                return number
            }
        }
    }

    @Test("first_up asks the first that registered", arguments: [RoutingPolicy.firstUp, nil], Stage.loops)
    func firstUp(policy: RoutingPolicy?, loops: Int) throws {
        var staff = try Staff(policy, loops: loops)
        #expect(try staff.serve(3) == [0, 0, 0])
    }

    @Test("first_up asks the next while the first is away, and the first again when it is back", arguments: Stage.loops)
    func firstAway(loops: Int) throws {
        var staff = try Staff(.firstUp, loops: loops)
        staff.providers[0].hangUp()
        #expect(try staff.serve(1) == [1])
        staff.providers[0] = try staff.stage.peer("p0")
        #expect(try staff.serve(2) == [0, 0])
    }

    @Test("round_robin asks each in turn", arguments: Stage.loops)
    func roundRobin(loops: Int) throws {
        var staff = try Staff(.roundRobin, loops: loops)
        let order = try staff.serve(7)
        #expect(order[..<3].sorted() == [0, 1, 2])
        #expect(order[3..<6] == order[..<3])
        #expect(order[6] == order[0])
    }

    @Test("round_robin turns separately for each method", arguments: Stage.loops)
    func methods(loops: Int) throws {
        var staff = try Staff(.roundRobin, loops: loops)
        for provider in staff.providers { try provider.expose("other") }
        #expect(try staff.serve(1) == staff.serve(1, of: "other"))
    }

    @Test("round_robin skips the caller", arguments: Stage.loops)
    func caller(loops: Int) throws {
        var staff = try Staff(.roundRobin, loops: loops)
        #expect(try staff.serve(4, for: staff.providers[0]).sorted() == [1, 1, 2, 2])
    }

    @Test("less_busy asks the first while all are idle", arguments: Stage.loops)
    func idle(loops: Int) throws {
        var staff = try Staff(.lessBusy, loops: loops)
        #expect(try staff.serve(3) == [0, 0, 0])
    }

    @Test("less_busy asks whoever has the fewest open requests", arguments: Stage.loops)
    func lessBusy(loops: Int) throws {
        var staff = try Staff(.lessBusy, loops: loops)
        var (calls, asked): ([MessageID], [Int]) = ([], [])
        for _ in 0..<6 {
            calls.append(staff.caller.sendCall("work"))
            asked.append(try staff.asked())
        }
        #expect(asked == [0, 1, 2, 0, 1, 2])
        staff.answerAll(1)
        for number in [1, 4] { #expect(try staff.caller.answer(to: calls[number])?.status == .ok) }
        _ = staff.caller.sendCall("work")
        #expect(try staff.asked() == 1)
    }
}
