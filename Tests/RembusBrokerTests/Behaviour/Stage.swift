import Foundation
import RembusTesting
import RembusTrust
import RembusWire
import TestSupport
import Testing

@testable import RembusBroker

/// A broker in process and peers on it, each on the next event loop. What text peers get is checked in the form in which it
/// is on the wire.
struct Stage {
    let broker: InProcessBroker
    private let encoding: PeerEncoding

    /// How many event loops: one, and more, for the paths between them.
    static let loops = [1, 3]

    init(
        loops: Int = 1, _ encoding: PeerEncoding = .cbor, _ adjust: (inout BrokerConfiguration) -> Void = { _ in }
    ) throws {
        let broker = try InProcessBroker {
            $0.threads = loops
            adjust(&$0)
        }
        self.init(broker, encoding)
    }

    /// A stage whose broker keeps publications as `keeping` says.
    init(
        _ keeping: Keeping, _ encoding: PeerEncoding = .cbor, _ adjust: (inout BrokerConfiguration) -> Void = { _ in }
    ) throws {
        guard keeping.isOnDisk else {
            try self.init(loops: keeping.loops, encoding, adjust)
            return
        }
        var configuration = BrokerConfiguration()
        configuration.threads = keeping.loops
        configuration.pingInterval = .zero
        adjust(&configuration)
        let journal = try SettledJournal(partitions: keeping.loops)
        let logger = LogRecorder().logger
        let broker = InProcessBroker(configuration) { [configuration] clock, group in
            UnthreadedBroker(
                configuration: configuration, logger: logger,
                storage: BrokerStorage(store: journal, isRecorded: { _ in true }),
                trust: BrokerTrust(store: TrustStore(logger: logger)), clock: clock, on: group)
        }
        self.init(broker, encoding)
    }

    private init(_ broker: InProcessBroker, _ encoding: PeerEncoding) {
        (self.broker, self.encoding) = (broker, encoding)
    }

    /// A peer that gets no deliveries yet.
    func peer(_ name: String? = nil, _ encoding: PeerEncoding? = nil) throws -> InProcessPeer {
        let peer = try broker.connect(encoding: encoding ?? self.encoding)
        peer.inspect = { [encoding = peer.encoding] in
            guard $0.opcode == PeerFrame.text || $0.opcode == PeerFrame.binary else { return }
            #expect(($0.opcode == PeerFrame.binary) == (encoding == .cbor), "a frame of the other kind")
            if encoding != .cbor { Self.check($0.payload, encoding) }
        }
        if let name { #expect(try peer.identify(name).status == .ok) }
        return peer
    }

    /// A peer with subscriptions, which deliveries come to.
    func subscriber(_ name: String? = "subscriber", to topics: String...) throws -> InProcessPeer {
        let peer = try peer(name)
        try peer.startDeliveries()
        for topic in topics { try peer.subscribe(topic) }
        return peer
    }

    /// A text message has both discriminators, which are the same, and ids in the form in which its peer writes them
    /// (protocol.md §10).
    private static func check(_ text: [UInt8], _ encoding: PeerEncoding) {
        guard let body = try? JSONSerialization.jsonObject(with: Data(text)) as? [String: Any] else {
            Issue.record("this is no JSON object: \(String(decoding: text, as: UTF8.self))")
            return
        }
        #expect(body["jsonrpc"] as? String == "2.0")
        for member in ["params", "result", "error"] {
            guard let content = body[member] as? [String: Any] else { continue }
            #expect(content["type"] as? Int == content["__type__"] as? Int, "\(body)")
            #expect(content["type"] is Int, "\(body)")
        }
        // Only answers repeat an id of the peer.
        guard body["method"] == nil, let id = body["id"] else { return }
        #expect((id is String) == (encoding == .julia), "\(body)")
    }
}

extension InProcessPeer {
    /// Whether nothing has come.
    func isSilent() throws -> Bool { try receive().isEmpty }

    /// The next message, which must be a publication: its topic and its arguments.
    func nextTopic() throws -> Delivered {
        let publication = try nextPublication()
        return Delivered(publication.topic, publication.arguments)
    }
}

/// What a subscriber reads of a publication.
struct Delivered: Equatable {
    var topic: String
    var arguments: [Value]

    init(_ topic: String, _ arguments: [Value]) {
        self.topic = topic
        self.arguments = arguments
    }
}

extension Message.Response {
    /// Whether it has a status and a text with these words.
    func says(_ status: StatusCode, _ words: String...) -> Bool {
        guard self.status == status, let text = data.stringValue else { return false }
        return words.allSatisfy { text.contains($0) }
    }
}

/// Where a broker keeps publications, and on how many event loops.
enum Keeping: CaseIterable {
    case inMemory, inMemoryOfThreeLoops, onDisk, onDiskOfThreeLoops

    var loops: Int { self == .inMemory || self == .onDisk ? 1 : 3 }
    var isOnDisk: Bool { self == .onDisk || self == .onDiskOfThreeLoops }
}
