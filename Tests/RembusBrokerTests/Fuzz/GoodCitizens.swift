import NIOCore
import RembusTesting
import RembusWire

/// Four components that keep to the protocol, two on each lane, and must never notice the others.
struct GoodCitizens {
    struct Neglected: Error, CustomStringConvertible {
        var description: String
    }

    private let broker: FuzzBroker
    private let publisher, subscriber, caller, provider: InProcessPeer
    private var number: UInt64 = 0

    init(_ broker: FuzzBroker) throws {
        self.broker = broker
        publisher = try broker.connect(lane: 0)
        subscriber = try broker.connect(lane: 1)
        caller = try broker.connect(lane: 1)
        provider = try broker.connect(lane: 0)
        let names = ["good publisher", "good subscriber", "good caller", "good provider"]
        for (name, peer) in zip(names, [publisher, subscriber, caller, provider]) {
            try ask(peer, .identity(.init(id: nextID(), name: name)))
        }
        try command(subscriber, "good/news", ["cmd": "subscribe", "msg_from": 0])
        try command(subscriber, "__config__", ["cmd": "reactive", "status": true])
        try command(provider, "good/service", ["cmd": "expose"])
    }

    private mutating func nextID() -> MessageID {
        number += 1
        return MessageID(littleEndian: number)
    }

    private mutating func command(_ peer: InProcessPeer, _ topic: String, _ data: Value) throws {
        try ask(peer, .admin(.init(id: nextID(), topic: topic, data: data)))
    }

    private func ask(_ peer: InProcessPeer, _ message: Message) throws {
        peer.send(message)
        let deadline = ContinuousClock.now + .seconds(10)
        // The answer may come from another thread.
        while ContinuousClock.now < deadline {
            broker.settle()
            for case .response(let response) in peer.receiveMessages() where response.id == message.id {
                guard response.status == .ok else { throw Neglected(description: "\(message): \(response)") }
                return
            }
        }
        throw Neglected(description: "no answer to \(message)")
    }

    /// A publication of each QoS arrives, and a call is answered.
    mutating func check() throws {
        for qos in QoS.allCases {
            let id = nextID()
            let value = Value.integer(Int64(number))
            let flags = PublishFlags(qos: qos)
            publisher.send(.publish(.init(id: id, flags: flags, topic: "good/news", arguments: [value])))
            broker.settle()
            let news = subscriber.receiveMessages()
            guard let delivery = news.compactMap(\.publication).first(where: { $0.arguments == [value] }) else {
                throw Neglected(description: "publication \(number) at \(qos) did not arrive: \(news)")
            }
            guard qos != .atMostOnce else { continue }
            if let id = delivery.id { subscriber.send(.ack(id)) }
            guard publisher.receiveMessages().contains(.ack(id)) else {
                throw Neglected(description: "publication \(number) at \(qos) was not acknowledged")
            }
            if qos == .exactlyOnce { publisher.send(.ack2(id)) }
        }
        let id = nextID()
        caller.send(.request(.init(id: id, topic: "good/service", arguments: [.integer(7)])))
        broker.settle()
        guard case .request(let request)? = provider.receiveMessages().first(where: { $0.isRequest }) else {
            throw Neglected(description: "call \(number) did not arrive")
        }
        provider.send(.response(.init(id: request.id, status: .ok, data: .integer(14))))
        broker.settle()
        guard caller.receiveMessages().contains(.response(.init(id: id, status: .ok, data: .integer(14)))) else {
            throw Neglected(description: "call \(number) was not answered")
        }
    }

    func leave() {
        for peer in [publisher, subscriber, caller, provider] { peer.hangUp() }
    }
}

extension Message {
    fileprivate var publication: Publish? {
        if case .publish(let publish) = self { publish } else { nil }
    }

    fileprivate var isRequest: Bool {
        if case .request = self { true } else { false }
    }
}
