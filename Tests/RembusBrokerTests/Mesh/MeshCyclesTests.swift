import NIOCore
import RembusWire
import Testing

@testable import RembusBroker

/// Cycles through brokers of other implementations: which link rests.
@Suite("Cycles of linked brokers")
struct MeshCyclesTests {
    /// Brokers of two implementations and links between them, with everything that is on its way.
    private final class Network {
        enum Node { case ours(MeshCycles), other }

        struct Edge { let ends: (Int, Int), ids: (MeshLinkID, MeshLinkID) }

        struct Packet {
            let edge: Int
            let to: Int
            let probe: MeshProbe
            /// The brokers of other implementations that have passed it on since it left one of ours.
            var trace: Set<Int> = []
        }

        private(set) var nodes: [Node]
        private(set) var edges: [Edge] = []
        private(set) var resting: Set<MeshLinkID> = []
        private var packets: [Packet] = []
        private var now = NIODeadline.uptimeNanoseconds(1)
        private var dice: Dice

        init(ours: [Bool], dice: Dice) {
            var numbers = Array(1...UInt64(ours.count))
            var dice = dice
            numbers.shuffle(using: &dice)
            nodes = zip(ours, numbers).map { $0 ? .ours(MeshCycles(own: $1)) : .other }
            self.dice = dice
        }

        func isOurs(_ node: Int) -> Bool {
            guard node >= 0, case .ours = nodes[node] else { return false }
            return true
        }

        func link(_ one: Int, _ other: Int) {
            edges.append(Edge(ends: (one, other), ids: (.next(), .next())))
            let edge = edges.count - 1
            let isForeign = !isOurs(one) || !isOurs(other)
            for node in [one, other] { change(node) { $0.join(id(edge, node), isForeign: isForeign, now: now) } }
        }

        func unlink(_ edge: Int) {
            let (one, other) = edges[edge].ends
            for node in [one, other] {
                change(node) {
                    $0.leave(id(edge, node))
                    return []
                }
                resting.remove(id(edge, node))
            }
            edges[edge] = Edge(ends: (-1, -1), ids: edges[edge].ids)
            packets.removeAll { $0.edge == edge }
        }

        func id(_ edge: Int, _ node: Int) -> MeshLinkID {
            edges[edge].ends.0 == node ? edges[edge].ids.0 : edges[edge].ids.1
        }

        private func change(_ node: Int, _ event: (inout MeshCycles) -> [MeshCycles.Sending]) {
            guard case .ours(var cycles) = nodes[node] else { return }
            for sending in event(&cycles) {
                guard let edge = edges.indices.first(where: { isEnd(node, $0) && id($0, node) == sending.link }) else {
                    continue
                }
                packets.append(Packet(edge: edge, to: far(node, edge), probe: sending.probe))
            }
            nodes[node] = .ours(cycles)
        }

        private func isEnd(_ node: Int, _ edge: Int) -> Bool {
            edges[edge].ends.0 == node || edges[edge].ends.1 == node
        }

        private func far(_ node: Int, _ edge: Int) -> Int {
            edges[edge].ends.0 == node ? edges[edge].ends.1 : edges[edge].ends.0
        }

        /// Time goes on by one round of probes, and everything arrives in any order.
        func round() {
            now = now + MeshCycles.interval
            for node in nodes.indices { change(node) { $0.probe(now: now) } }
            var count = 0
            while !packets.isEmpty, count < 100_000 {
                count += 1
                arrive(packets.remove(at: Int.random(in: packets.indices, using: &dice)))
            }
            #expect(packets.isEmpty)
            for node in nodes.indices { review(node) }
        }

        private func arrive(_ packet: Packet) {
            if case .ours = nodes[packet.to] {
                return change(packet.to) { $0.hear(packet.probe, from: id(packet.edge, packet.to), now: now) }
            }
            guard !packet.trace.contains(packet.to) else { return }
            for edge in edges.indices where edge != packet.edge && isEnd(packet.to, edge) {
                packets.append(
                    Packet(
                        edge: edge, to: far(packet.to, edge), probe: packet.probe,
                        trace: packet.trace.union([packet.to])))
            }
        }

        private func review(_ node: Int) {
            guard case .ours(var cycles) = nodes[node] else { return }
            let near = group(of: node) { isOurs($0.ends.0) && isOurs($0.ends.1) }
            let sources = Set(
                near.filter { $0 != node }.flatMap { other in
                    edges.indices.filter { isEnd(other, $0) }.compactMap { edge -> MeshCycles.Source? in
                        guard case .ours(let cycles) = nodes[other] else { return nil }
                        return cycles.source(of: id(edge, other))
                    }
                })
            for change in cycles.review(reaches: sources.contains) {
                if change.isResting { resting.insert(change.link) } else { resting.remove(change.link) }
            }
            nodes[node] = .ours(cycles)
        }

        /// The brokers that are reached from one along links of a kind.
        func group(of node: Int, along isOpen: (Edge) -> Bool) -> Set<Int> {
            var found: Set = [node]
            var open = [node]
            while let next = open.popLast() {
                for edge in edges where isOpen(edge) && (edge.ends.0 == next || edge.ends.1 == next) {
                    let far = edge.ends.0 == next ? edge.ends.1 : edge.ends.0
                    if found.insert(far).inserted { open.append(far) }
                }
            }
            return found
        }

        func isUsed(_ edge: Edge) -> Bool {
            edge.ends.0 >= 0 && !resting.contains(edge.ids.0) && !resting.contains(edge.ids.1)
        }

        /// Nothing can go round through a broker of another implementation, and all that can be reached is.
        func check(_ comment: Comment) {
            for node in nodes.indices {
                let all = group(of: node) { $0.ends.0 >= 0 }
                #expect(group(of: node, along: isUsed) == all, "cut off: \(comment)")
            }
            // With brokers of ours that are linked taken as one, the links that are used are a forest.
            var group = nodes.indices.map { node in
                self.group(of: node) { $0.ends.0 >= 0 && isOurs($0.ends.0) && isOurs($0.ends.1) }.min() ?? node
            }
            for edge in edges where isUsed(edge) && !(isOurs(edge.ends.0) && isOurs(edge.ends.1)) {
                let (one, other) = (group[edge.ends.0], group[edge.ends.1])
                #expect(one != other, "a cycle is left: \(comment)")
                group = group.map { $0 == other ? one : $0 }
            }
        }
    }

    @Test("A triangle with one broker of another implementation: one of ours lets its link rest")
    func triangle() {
        let network = Network(ours: [true, true, false], dice: Dice(seed: 1))
        network.link(0, 1)
        network.link(0, 2)
        network.link(1, 2)
        network.round()
        #expect(network.resting.count == 1)
        network.check("triangle")
        network.unlink(0)
        network.round()
        #expect(network.resting.isEmpty)
    }

    @Test("Two links to one broker of another implementation: the newer rests, until the other is gone")
    func twice() {
        let network = Network(ours: [true, false], dice: Dice(seed: 2))
        network.link(0, 1)
        network.link(0, 1)
        network.round()
        #expect(network.resting == [network.id(1, 0)])
        network.unlink(0)
        network.round()
        #expect(network.resting.isEmpty)
    }

    @Test("A tree is not probed at its ends, and nothing rests")
    func tree() {
        let network = Network(ours: [true, false, true, false], dice: Dice(seed: 3))
        network.link(0, 1)
        network.link(1, 2)
        network.link(2, 3)
        network.round()
        #expect(network.resting.isEmpty)
        var end = MeshCycles(own: 1)
        #expect(end.join(.next(), isForeign: true, now: .uptimeNanoseconds(1)).isEmpty)
    }

    /// Networks whose brokers of other implementations have no cycle among themselves, which they could not bear.
    @Test("In networks at random every cycle is cut and nothing is cut off", arguments: 0..<300)
    func random(seed: Int) {
        var dice = Dice(seed: UInt64(seed) + 1)
        let count = Int.random(in: 3...8, using: &dice)
        let ours = (0..<count).map { _ in Int.random(in: 0..<3, using: &dice) > 0 }
        let network = Network(ours: ours, dice: dice)
        for _ in 0..<Int.random(in: count...count * 2, using: &dice) {
            let (one, other) = (Int.random(in: 0..<count, using: &dice), Int.random(in: 0..<count, using: &dice))
            guard one != other else { continue }
            if !ours[one], !ours[other],
                network.group(of: one, along: { $0.ends.0 >= 0 && !ours[$0.ends.0] && !ours[$0.ends.1] }).contains(
                    other)
            {
                continue
            }
            network.link(one, other)
        }
        for _ in 0..<12 { network.round() }
        network.check("seed \(seed)")
        guard !network.edges.isEmpty else { return }
        network.unlink(Int.random(in: network.edges.indices, using: &dice))
        for _ in 0..<12 { network.round() }
        network.check("seed \(seed), a link less")
    }

    @Test("The topic of a probe is read as it was written, and nothing else is")
    func topics() throws {
        var probe = MeshProbe(source: .init(broker: 0xABC, link: 7), round: 3)
        probe.hops = 2
        #expect(MeshProbe(probe.topic) == probe)
        #expect(MeshCycles.Source(probe.source.interest.text.string) == probe.source)
        for text in ["", "rembus/mesh/probe/", "rembus/mesh/probe/1/2/3/4", "rembus/mesh/probe/1/2/3/4/x", "a/b"] {
            #expect(MeshProbe(text) == nil)
            #expect(MeshCycles.Source(text) == nil)
        }
    }
}
