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
    /// How long a session outlives its connection at most, in seconds.
    let maxExpiry: UInt32
    /// The largest packet that a client may send, in bytes.
    let maxPacketBytes: Int

    /// The largest CONNECT in bytes: names, a password and a will.
    static let maxConnectBytes = 64 << 10
    /// How many messages of a client at QoS 1 and 2 may be unacknowledged.
    static let receiveMaximum: UInt16 = 1024
    /// How many topic aliases a client may use.
    static let topicAliasMaximum: UInt16 = 64

    init(host: GatewayHost) {
        self.host = host
        let gateways = host.configuration.gateways
        sessions = MQTTSessions()
        // The broker decides which names are remembered.
        host.whenForgotten { [sessions] in sessions.forget($0) }
        maxExpiry = UInt32(clamping: gateways.maxMQTTSessionExpiry.components.seconds)
        maxPacketBytes = min(host.configuration.limits.maxMessageBytes, ByteBuffer.maxMQTTVariable)
    }

    /// Reads the files of an earlier run in a folder, and keeps them up to date from now on.
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

    /// Restores the exchanges at QoS 2 in the sessions of an earlier run.
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

    /// The log of exchanges at QoS 2; nil when they are not kept.
    var packets: PacketLog? { openPackets.withLock { $0 } }

    /// Writes everything and closes the files.
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
