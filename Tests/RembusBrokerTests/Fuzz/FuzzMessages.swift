import NIOCore
import RembusWire

/// Valid messages in any order: what a session may consist of before it is damaged.
struct FuzzMessages {
    private static let names = [
        "a", "b", "c.acme", "d.acme", "e/f", "ü", ".x", "x.", "node", "peer", "repl", "../x", "",
    ]
    private static let topics = [
        "t", "t/1", "t/1/x", "temp", "a/temp", "rid", "version", "uptime", "ü/é", "__config__", "x@y",
    ]
    private static let patterns = ["*", "**", "t/*", "t/**", "**/x", "a*", "*/temp", "t/**/x", "**/**", "*@*"]
    private static let commands = [
        "subscribe", "unsubscribe", "expose", "unexpose", "reactive", "setup", "private_topic", "public_topic",
        "authorize", "unauthorize", "broker_config", "private_topics_config", "load_config", "save_config", "log_level",
        "grant", "revoke", "add_admin", "connections", "disconnect", "trust_config", "read_only", "nonsense",
    ]

    /// Ids that were used before, so that answers and copies hit.
    private var ids: [MessageID] = [MessageID(littleEndian: 1)]

    private mutating func id(_ dice: inout Dice) -> MessageID {
        if dice.one(in: 4) { return dice.pick(ids) }
        let id =
            dice.one(in: 10)
            ? MessageID(bytes: dice.bytes(1 + dice.below(32))) ?? MessageID(littleEndian: 7)
            : MessageID(littleEndian: dice.next() >> 11)
        if ids.count < 64 { ids.append(id) } else { ids[dice.below(64)] = id }
        return id
    }

    private func topic(_ dice: inout Dice) -> String {
        dice.one(in: 4) ? dice.pick(Self.patterns) : dice.pick(Self.topics)
    }

    func value(_ dice: inout Dice, depth: Int = 0) -> Value {
        switch dice.below(depth > 3 ? 8 : 11) {
        case 0: .null
        case 1: .bool(dice.one(in: 2))
        case 2: .integer(Int64(truncatingIfNeeded: dice.next() >> UInt64(dice.below(64))))
        case 3: .float(Double(bitPattern: dice.next()))
        case 4: .text(topic(&dice))
        case 5: .bytes(ByteBuffer(bytes: dice.bytes(dice.below(40))))
        case 6: .unsigned(.max - UInt64(dice.below(3)))
        case 7: .text(String(repeating: "x", count: dice.below(200)))
        case 8: .array((0..<dice.below(4)).map { _ in value(&dice, depth: depth + 1) })
        case 9: .tagged(UInt64(dice.below(100)), value(&dice, depth: depth + 1))
        default: ["k": value(&dice, depth: depth + 1), "data": value(&dice, depth: depth + 1)]
        }
    }

    private func values(_ dice: inout Dice) -> [Value] { (0..<dice.below(4)).map { _ in value(&dice) } }

    private func command(_ dice: inout Dice) -> Value {
        let command = Value.text(dice.pick(Self.commands))
        return switch dice.below(6) {
        case 0: ["cmd": command, "status": .bool(dice.one(in: 3) == false), "msg_from": .float(.infinity)]
        case 1: ["cmd": command, "exposers": [.text(topic(&dice))], "subscribers": [.text(topic(&dice))]]
        case 2: ["cmd": command, "cid": .text(dice.pick(Self.names)), "actions": ["publish"]]
        case 3: value(&dice)
        default: ["cmd": command, "msg_from": dice.one(in: 2) ? 0 : .float(1e12), "status": true]
        }
    }

    mutating func message(_ dice: inout Dice) -> Message {
        switch dice.below(20) {
        case 0...5:
            let qos = QoS.allCases[dice.below(3)]
            let flags = PublishFlags(qos: qos, hasSlot: dice.one(in: 5))
            return .publish(.init(id: id(&dice), flags: flags, topic: topic(&dice), arguments: values(&dice)))
        case 6...8:
            let target = dice.one(in: 3) ? dice.pick(Self.names) : nil
            return .request(.init(id: id(&dice), topic: topic(&dice), target: target, arguments: values(&dice)))
        case 9...12: return .admin(.init(id: id(&dice), topic: topic(&dice), data: command(&dice)))
        case 13:
            let status = dice.pick([StatusCode.ok, .error, .methodException, .challenge])
            return .response(.init(id: id(&dice), status: status, data: value(&dice)))
        case 14: return .ack(id(&dice))
        case 15: return .ack2(id(&dice))
        case 16:
            let meta = dice.one(in: 8) ? ["ws": UInt64(8338)] : [:]
            return .identity(.init(id: id(&dice), name: dice.pick(Self.names), meta: meta))
        case 17:
            let key = ByteBuffer(bytes: dice.bytes(dice.below(80)))
            return .register(
                .init(
                    id: id(&dice), name: dice.pick(Self.names), pin: "11223344", publicKey: key,
                    keyType: UInt64(dice.below(3))))
        case 18:
            let proof = ByteBuffer(bytes: dice.bytes(dice.below(72)))
            return .attestation(.init(id: id(&dice), name: dice.pick(Self.names), signature: proof))
        default: return dice.one(in: 4) ? .close : dice.one(in: 2) ? .unregister(id(&dice)) : .ping(id(&dice), "a")
        }
    }

    /// What a well-behaved component would answer; nil when nothing.
    func answer(to message: Message, _ dice: inout Dice) -> Message? {
        switch message {
        case .request(let request): .response(.init(id: request.id, status: .ok, data: value(&dice)))
        case .publish(let publish): publish.flags.qos == .atMostOnce ? nil : publish.id.map { .ack($0) }
        case .ack(let id): .ack2(id)
        default: nil
        }
    }
}
