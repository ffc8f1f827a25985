import NIOCore
import NIOEmbedded
import RembusTesting
import RembusWire
import Synchronization

@testable import RembusBroker

/// One broker, some sessions at a time that follow no rule, and a look at what is left of them.
final class FuzzRun {
    private struct Failure: Error, CustomStringConvertible {
        var description: String
    }

    private let broker: FuzzBroker
    private let emptyTables: [String: Int]
    private let setting: FuzzSetting
    /// None where a proof is needed.
    private var citizens: GoodCitizens?
    private var dice: Dice
    private var messages = FuzzMessages()
    private var peers: [InProcessPeer?] = Array(repeating: nil, count: 12)
    private var connections = 0
    /// Those of the peers that sent what is no frame of RFC 6455, so that anything may become of them.
    private var unframed: Set<ObjectIdentifier> = []
    /// What was sent or received lately: splices and echoes are made of it.
    private var scraps: [[UInt8]] = [[]]
    private var probes = 0

    init(seed: UInt64, _ setting: FuzzSetting) throws {
        self.setting = setting
        broker = FuzzBroker(setting)
        emptyTables = broker.tableSizes
        if setting != .authenticated { citizens = try GoodCitizens(broker) }
        dice = Dice(seed: seed &+ UInt64(setting.maxOfflineComponents))
    }

    func run(frames: Int) throws -> String {
        let start = ContinuousClock.now
        for frame in 0..<frames {
            try step()
            if frame % 50 == 0, !broker.wrongRoutes.isEmpty {
                throw Failure(description: "after \(frame) frames routes are not as the tables: \(broker.wrongRoutes)")
            }
            guard frame % 500 == 0 else { continue }
            do {
                try citizens?.check()
            } catch {
                throw Failure(description: "after \(frame) frames: \(error)")
            }
        }
        try citizens?.check()
        try checkEnd()
        return "\(frames) frames on \(connections) connections, \(probes) probes in \(ContinuousClock.now - start)"
    }

    // MARK: One frame

    private func step() throws {
        let index = dice.below(peers.count)
        let peer: InProcessPeer
        if let known = peers[index], known.isOpen {
            peer = known
        } else {
            peer = try broker.connect(lane: dice.below(broker.loops.count))
            connections += 1
            if let former = peers[index] { unframed.remove(ObjectIdentifier(former)) }
            peers[index] = peer
        }
        let (opcode, payload) = content(peer)
        send(opcode, payload, on: peer)
        broker.settle()
        switch dice.below(200) {
        case 0: peer.hangUp()
        case 1: try probe(peer)
        case 2: setWritable(peer, !peer.channel.isWritable)
        case 3...8: broker.advance(by: .milliseconds(Int64(dice.below(30))))
        default: break
        }
    }

    /// A message, in its frame's kind: made up, answered, echoed or repeated, and damaged now and then.
    private func content(_ peer: InProcessPeer) -> (UInt8, [UInt8]) {
        if dice.one(in: 3), let answer = answer(peer) { return answer }
        var opcode = PeerFrame.binary
        var payload: [UInt8]
        if dice.one(in: 12) {
            payload = dice.pick(scraps)
            if payload.first == UInt8(ascii: "{") { opcode = PeerFrame.text }
        } else {
            let message = messages.message(&dice)
            if dice.one(in: 5) {
                opcode = PeerFrame.text
                var buffer = ByteBuffer()
                message.encodeJSON(into: &buffer, dialect: dice.one(in: 2) ? .python : .julia)
                payload = Array(buffer.readableBytesView)
            } else {
                payload = message.bytes
            }
        }
        keep(payload)
        if dice.one(in: 8) { FuzzDamage.content(&payload, splice: dice.pick(scraps), &dice) }
        return (opcode, payload)
    }

    private func answer(_ peer: InProcessPeer) -> (UInt8, [UInt8])? {
        var answers: [Message] = []
        for frame in peer.receiveFrames() {
            if frame.opcode == PeerFrame.close, dice.one(in: 2) { peer.hangUp() }
            keep(frame.payload)
            guard frame.opcode == PeerFrame.binary,
                let message = try? Message(cbor: ByteBuffer(bytes: frame.payload)),
                let answer = messages.answer(to: message, &dice)
            else { continue }
            answers.append(answer)
        }
        guard let last = answers.popLast() else { return nil }
        for answer in answers where !dice.one(in: 4) { peer.send(answer) }
        return (PeerFrame.binary, last.bytes)
    }

    private func keep(_ payload: [UInt8]) {
        guard payload.count < 4096 else { return }
        if scraps.count < 256 { scraps.append(payload) } else { scraps[dice.below(256)] = payload }
    }

    private func send(_ opcode: UInt8, _ payload: [UInt8], on peer: InProcessPeer) {
        var bytes = PeerFrame.masked(opcode, payload)
        if dice.one(in: 25) {
            bytes = FuzzDamage.frames(opcode, payload, &dice)
            unframed.insert(ObjectIdentifier(peer))
        }
        if dice.one(in: 8) {
            let cut = dice.below(bytes.count)
            peer.write(bytes[..<cut])
            peer.write(bytes[cut...])
        } else {
            peer.write(bytes)
        }
    }

    private func setWritable(_ peer: InProcessPeer, _ isWritable: Bool) {
        guard peer.isOpen else { return }
        peer.channel.isWritable = isWritable
        peer.channel.pipeline.fireChannelWritabilityChanged()
        broker.settle()
    }

    // MARK: Checks

    /// A connection is closed or it answers a ping: there is no third way, as long as its frames were frames.
    private func probe(_ peer: InProcessPeer) throws {
        setWritable(peer, true)
        guard peer.isOpen, !unframed.contains(ObjectIdentifier(peer)) else { return }
        let payload = dice.bytes(8)
        _ = peer.receiveFrames()
        peer.write(PeerFrame.masked(PeerFrame.ping, payload))
        broker.settle()
        let frames = peer.receiveFrames()
        probes += 1
        guard peer.isOpen, !frames.contains(.init(opcode: PeerFrame.pong, payload: payload)) else { return }
        // Only one that was told to go is silent.
        broker.advance(by: .seconds(5))
        if peer.isOpen { throw Failure(description: "a connection is open and does not answer: \(frames)") }
    }

    private func checkEnd() throws {
        for peer in peers { peer?.hangUp() }
        citizens?.leave()
        peers = []
        // The threads that look for keys hold what they work for.
        let deadline = NIODeadline.now() + .seconds(30)
        while !broker.core.identities.isIdle, NIODeadline.now() < deadline { broker.settle() }
        broker.settle()
        // Everything that is timed comes to its end: first what a broker does by itself, then what its links wait for.
        broker.advance(by: .seconds(3))
        for lane in broker.core.lanes { lane.stop() }
        broker.advance(by: .minutes(10))
        let tables = broker.tableSizes
        for (name, size) in tables where size > emptyTables[name, default: 0] {
            // What belongs to components that may come back stays, within the limit.
            guard setting != .remembering || tables["components", default: 0] > setting.maxOfflineComponents
            else { continue }
            throw Failure(description: "the table \(name) has \(size) elements, at first \(emptyTables[name] ?? 0)")
        }
        guard broker.sessionCount == 0, broker.core.counters.connections.load(ordering: .relaxed) == 0 else {
            throw Failure(description: "\(broker.sessionCount) sessions are left")
        }
        guard broker.wrongRoutes.isEmpty else {
            throw Failure(description: "routes are not as the tables: \(broker.wrongRoutes)")
        }
        guard broker.linkCount == 0 else {
            throw Failure(description: "\(broker.linkCount) connections are still in memory")
        }
    }
}
