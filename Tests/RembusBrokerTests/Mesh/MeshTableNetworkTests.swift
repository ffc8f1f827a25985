import RembusWire
import Testing

@testable import RembusBroker

/// Many tables that tell each other, over links which come and go at random: in the end every broker knows what is wanted, and
/// by one way, and nothing of what is not.
@Suite("Interests in networks of brokers")
struct MeshTableNetworkTests {
    /// Numbers of a small generator, so that a seed says what happens.
    private struct Generator: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state ^ (state >> 29)
        }
    }

    private struct End: Hashable {
        let broker: Int
        let peer: Int
    }

    private struct Network {
        var tables: [MeshTable]
        var ids: [End: MeshLinkID] = [:]
        var ends: [MeshLinkID: End] = [:]
        /// What is on its way, in order for each direction of a link.
        var queues: [End: [MeshTable.Action]] = [:]
        var wanted: [Set<MeshInterest>]
        var attached: [End: Set<MeshInterest>] = [:]
        var messages = 0

        init(count: Int) {
            tables = (0..<count).map { MeshTable(own: UInt64($0 + 1)) }
            wanted = Array(repeating: [], count: count)
        }

        mutating func take(_ actions: [MeshTable.Action]) {
            for action in actions {
                guard let end = ends[action.link] else { continue }
                switch action {
                case .attach(_, let interest): attached[end, default: []].insert(interest)
                case .detach(_, let interest): attached[end]?.remove(interest)
                case .tell, .untell: queues[end, default: []].append(action)
                }
            }
        }

        mutating func connect(_ a: Int, _ b: Int) {
            guard a != b, ids[End(broker: a, peer: b)] == nil else { return }
            for (broker, peer) in [(a, b), (b, a)] {
                let (end, id) = (End(broker: broker, peer: peer), MeshLinkID.next())
                ids[end] = id
                ends[id] = end
                take(tables[broker].join(.init(id: id, broker: UInt64(peer + 1), tellsPaths: true)))
            }
        }

        mutating func disconnect(_ a: Int, _ b: Int) {
            for (broker, peer) in [(a, b), (b, a)] {
                let end = End(broker: broker, peer: peer)
                guard let id = ids.removeValue(forKey: end) else { continue }
                ends[id] = nil
                queues[end] = nil
                attached[end] = nil
                take(tables[broker].leave(id))
            }
        }

        mutating func want(_ broker: Int, _ interest: MeshInterest) {
            let isNew = wanted[broker].insert(interest).inserted
            if !isNew { wanted[broker].remove(interest) }
            take(tables[broker].change(interest, by: isNew ? 1 : -1))
        }

        /// Delivers one message that is under way; false when there is none.
        mutating func step(_ random: inout Generator) -> Bool {
            let busy = queues.filter { !$0.value.isEmpty }.keys.sorted { ($0.broker, $0.peer) < ($1.broker, $1.peer) }
            guard let end = busy.randomElement(using: &random), let action = queues[end]?.removeFirst(),
                let id = ids[End(broker: end.peer, peer: end.broker)]
            else { return false }
            messages += 1
            switch action {
            case .tell(_, let interest, let path, let messageFrom):
                take(tables[end.peer].hear(interest, from: id, path: path, messageFrom: messageFrom))
            case .untell(_, let interest, let path):
                take(tables[end.peer].forget(interest, from: id, origin: path[0]))
            case .attach, .detach: break
            }
            return true
        }

        /// Which brokers a publication at one reaches, and how often each.
        func reached(from broker: Int, _ interest: MeshInterest) -> [Int: Int] {
            var counts: [Int: Int] = [:]
            var seen: Set<Int> = [broker]
            var waiting: [(at: Int, from: Int)] = [(broker, -1)]
            while !waiting.isEmpty {
                let (at, from) = waiting.removeFirst()
                for peer in tables.indices where peer != from {
                    guard attached[End(broker: at, peer: peer)]?.contains(interest) == true else { continue }
                    counts[peer, default: 0] += 1
                    // A broker takes a publication once.
                    if seen.insert(peer).inserted { waiting.append((peer, at)) }
                }
            }
            return counts
        }

        func connected(with broker: Int) -> Set<Int> {
            var found: Set<Int> = [broker]
            var waiting = [broker]
            while let at = waiting.popLast() {
                for peer in tables.indices
                where ids[End(broker: at, peer: peer)] != nil && found.insert(peer).inserted {
                    waiting.append(peer)
                }
            }
            return found
        }
    }

    @Test("Random links and interests settle to what is true", arguments: 0..<150)
    func settles(seed: Int) {
        var random = Generator(state: UInt64(seed) &* 7919 &+ 17)
        let count = Int.random(in: 2...7, using: &random)
        let interests = [
            MeshInterest(.subscription, "a"), MeshInterest(.subscription, "*/b"), MeshInterest(.method, "m"),
        ]
        var network = Network(count: count)
        for _ in 0..<120 {
            let (a, b) = (Int.random(in: 0..<count, using: &random), Int.random(in: 0..<count, using: &random))
            switch Int.random(in: 0..<10, using: &random) {
            case 0..<3: network.connect(a, b)
            case 3: network.disconnect(a, b)
            case 4..<6: network.want(a, interests.randomElement(using: &random) ?? interests[0])
            default: for _ in 0..<5 { _ = network.step(&random) }
            }
        }
        var steps = 0
        while network.step(&random) {
            steps += 1
            guard steps < 200_000 else {
                Issue.record("it does not settle")
                return
            }
        }
        for interest in interests {
            for broker in 0..<count {
                let near = network.connected(with: broker)
                let reached = network.reached(from: broker, interest)
                for peer in near.subtracting([broker]) where network.wanted[peer].contains(interest) {
                    #expect(reached[peer] != nil, "\(broker) does not reach \(peer)")
                }
                if near.allSatisfy({ !network.wanted[$0].contains(interest) || $0 == broker }) {
                    #expect(reached.isEmpty, "nobody wants what \(broker) sends to \(reached)")
                }
            }
        }
    }

    @Test("In a triangle each broker gets a publication by one way")
    func triangle() {
        var random = Generator(state: 3)
        var network = Network(count: 3)
        for (a, b) in [(0, 1), (1, 2), (2, 0)] { network.connect(a, b) }
        let interest = MeshInterest(.subscription, "a")
        for broker in 0..<3 { network.want(broker, interest) }
        while network.step(&random) {}
        for broker in 0..<3 {
            // From the publisher's own links; what comes by the third side is recognised and dropped.
            for peer in 0..<3 where peer != broker {
                #expect(network.attached[End(broker: broker, peer: peer)]?.contains(interest) == true)
            }
        }
        network.want(0, interest)
        while network.step(&random) {}
        #expect(network.attached[End(broker: 1, peer: 0)]?.isEmpty ?? true)
        #expect(network.attached[End(broker: 2, peer: 0)]?.isEmpty ?? true)
    }
}
