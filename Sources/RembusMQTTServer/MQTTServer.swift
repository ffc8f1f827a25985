import Logging
import NIOCore
import RembusBroker
import RembusMQTT
import RembusStore
import RembusSupport
import RembusTransport
import RembusWire
import Synchronization

/// What all connections of the MQTT gateway share.
final class MQTTServer: Sendable {
    let host: GatewayHost
    let sessions: MQTTSessions
    /// Set before the first connection.
    private let openPackets = Mutex<PacketLog?>(nil)
    /// Longest time that a session outlives its connection, seconds.
    let maxExpiry: UInt32
    /// Largest packet that a client may send.
    let maxPacketBytes: Int

    /// Largest CONNECT: names, a password and a will.
    static let maxConnectBytes = 64 << 10
    /// How many QoS 1 and 2 messages of a client may be unacknowledged.
    static let receiveMaximum: UInt16 = 1024
    /// How many topics a client may give numbers.
    static let topicAliasMaximum: UInt16 = 64

    init(host: GatewayHost) {
        self.host = host
        let gateways = host.configuration.gateways
        sessions = MQTTSessions()
        // The broker decides how many names are remembered, and which.
        host.whenForgotten { [sessions] in sessions.forget($0) }
        maxExpiry = UInt32(clamping: gateways.maxMQTTSessionExpiry.components.seconds)
        maxPacketBytes = min(host.configuration.limits.maxMessageBytes, ByteBuffer.maxMQTTVariable)
    }

    /// Reads what an earlier run has left in a folder, and writes there from now on.
    func openFiles(in folder: String) throws(BrokerError) {
        let logger = host.logger
        do {
            try Disk().createDirectory(folder)
            let policy = host.configuration.storage.syncPolicy
            try sessions.use(now: WallClock.nanoseconds()) { each in
                try KeptTable("\(folder)/mqtt-sessions", "MQTT sessions", policy: policy, logger: logger, each: each)
            }
            restore(try PacketLog("\(folder)/mqtt-packets", policy: policy, logger: logger))
            host.holdAway(sessions.sizes)
        } catch {
            throw BrokerError("--mqtt-listen: \(error)")
        }
    }

    /// Has the sessions of an earlier run go on with their exchanges at QoS 2.
    private func restore(_ packets: PacketLog) {
        let publications = Dictionary(grouping: host.earlierPublications) { ExactText($0.publisher) }
        sessions.use(packets) { name, session, state in
            var state = state
            if let record = host.keptRecord(of: name) {
                state.forgetFinished(coveredBy: record, key: SubscriptionNamespace.key(ofText:))
            }
            let (ended, changes) = session.restore(state, publications: publications[ExactText(name)] ?? [])
            host.forgetPublications(ended, of: name)
            if !changes.isEmpty { packets.add(changes, of: name) }
        }
        host.onComponentsSaved { packets.forgetFinished(coveredBy: $0, key: SubscriptionNamespace.key(ofText:)) }
        openPackets.withLock { $0 = packets }
    }

    /// Where exchanges at QoS 2 outlive the broker; nil for nowhere.
    var packets: PacketLog? { openPackets.withLock { $0 } }

    /// Writes what waits, and closes the files.
    func close() async {
        await sessions.close()
        await packets?.close()
    }

    /// Ends sessions and publishes wills whose time has come.
    func tick() {
        let (ended, wills) = sessions.due(WallClock.nanoseconds())
        for name in ended { host.forgetClient(name) }
        for will in wills { publish(will) }
    }

    func publish(_ will: Will) {
        will.eventLoop.execute {
            let publication = will.publication
            self.host.publish(
                publication.frame, as: will.identity, lastValue: publication.lastValue, on: will.eventLoop)
        }
    }
}
