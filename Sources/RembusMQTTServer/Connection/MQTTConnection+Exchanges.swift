import NIOCore
import RembusBroker
import RembusMQTT
import RembusSupport
import RembusTransport
import RembusTrust

/// Packets that wait until the steps that they rely on are durable.
final class HeldPackets {
    let bytes: ByteBuffer
    /// The number of files that are not synced yet.
    var missing = 1

    init(_ bytes: ByteBuffer) {
        self.bytes = bytes
    }
}

/// Exchanges at QoS 2 of a persistent session. Each step is logged, and the packets that follow from it leave when it
/// is durable, those of one unit of work together. So each message is delivered exactly once, even if the broker is
/// killed.
extension MQTTConnection {
    /// Finds out whether the session is persistent.
    func chooseKeeping() {
        packets = name != nil && client.expiry > 0 ? server.packets : nil
    }

    // MARK: Holding

    /// The buffer for a publication at QoS 2. It must not leave before the publication is stored and its identifier is
    /// logged.
    func takeHeldBuffer(_ receivedAt: UInt64) -> ByteBuffer {
        if let session { heldPartitions |= 1 << UInt64(session.partition(of: receivedAt)) }
        return takeHeldBuffer()
    }

    private func takeHeldBuffer() -> ByteBuffer {
        if let buffer = held.take() {
            heldBytes -= buffer.readableBytes
            return buffer
        }
        return takeBuffer()
    }

    func giveBackHeld(_ buffer: ByteBuffer) {
        heldBytes += buffer.readableBytes
        held = buffer
        session?.link.enlist()
    }

    /// Sends a packet of an exchange when all steps so far are durable.
    func sendHeld(_ packet: MQTTPacket) {
        guard packets != nil else { return send(packet) }
        var buffer = takeHeldBuffer()
        packet.encode(version: version, into: &buffer)
        giveBackHeld(buffer)
    }

    /// Ends a unit of work: its steps are written to the file, and its packets leave when that is done.
    func writeDownExchanges() {
        guard let packets, held != nil || !packetChanges.isEmpty else { return }
        if let name, !packetChanges.isEmpty {
            packets.add(packetChanges, of: name)
            packetChanges.removeAll(keepingCapacity: true)
        }
        guard let buffer = held.take(), let context else { return }
        let batch = HeldPackets(buffer)
        heldBatches.append(batch)
        let bound = NIOLoopBound(batch, eventLoop: context.eventLoop)
        let isSaved = onLoop { [self] in
            bound.value.missing -= 1
            releaseHeld()
        }
        if packets.whenSaved(isSaved) { batch.missing += 1 }
        var partitions = heldPartitions
        heldPartitions = 0
        while partitions != 0, let session {
            if session.whenRecorded(partition: partitions.trailingZeroBitCount, isSaved) { batch.missing += 1 }
            partitions &= partitions &- 1
        }
        batch.missing -= 1
        releaseHeld()
    }

    /// Moves the packets that may leave to the output, in order.
    private func releaseHeld() {
        while let batch = heldBatches.first, batch.missing == 0 {
            heldBatches.removeFirst()
            heldBytes -= batch.bytes.readableBytes
            guard phase == .open else { continue }
            if var buffer = output.take() {
                buffer.writeImmutableBuffer(batch.bytes)
                output = buffer
            } else {
                output = batch.bytes
            }
            session?.link.enlist()
        }
    }

    // MARK: After a restart

    /// The identifier of a delivery that was begun in an earlier run.
    func earlierPacketID(_ place: DeliveryPlace, _ delivery: UInt64) -> UInt16? {
        guard !client.unsent.isEmpty, let packetID = client.unsent.removeValue(forKey: place) else { return nil }
        client.window.attach(packetID, to: delivery)
        return packetID
    }

    /// Tells the broker which deliveries an earlier run has made, and finds the retained messages among them.
    func restoreExchanges(_ session: GatewaySession) {
        guard !client.earlierDeliveries.isEmpty else { return }
        session.restore(client.earlierDeliveries)
        client.earlierDeliveries = []
        guard !client.unsent.isEmpty else { return }
        for filter in client.interests.keys where MQTTTopics.sharedFilter(filter) == nil {
            let key = MQTTNamespace.key(ofFilter: filter)
            guard client.unsent.keys.contains(where: { $0.key == key }) else { continue }
            for entry in retained(under: filter, session) {
                let place = DeliveryPlace(key: key, receivedAt: entry.message.receivedAt)
                if client.unsent[place] != nil { wait(entry.message, filter) }
            }
        }
    }

    /// Resolves identifiers whose deliveries the broker does not know any more. For those in the log, the broker is
    /// told what an earlier run has sent, as after a restart. The others end.
    func settle(_ uncertain: [UInt16]) {
        guard !uncertain.isEmpty else { return }
        let known = name.flatMap { packets?.outgoing(of: $0) } ?? [:]
        for packetID in uncertain {
            if let place = known[packetID]?.place {
                client.unsent[place] = packetID
                client.earlierDeliveries.append(
                    GatewaySession.EarlierDelivery(key: place.key, receivedAt: place.receivedAt, isOwed: true))
            } else {
                _ = client.window.release(packetID)
            }
        }
    }

    /// The client has a message of an earlier run. It is not sent again.
    func releaseUnsent(_ packetID: UInt16) {
        guard let (place, _) = client.unsent.first(where: { $0.value == packetID }) else { return }
        client.unsent[place] = nil
        session?.restore([
            GatewaySession.EarlierDelivery(key: place.key, receivedAt: place.receivedAt, isOwed: false)
        ])
    }

    /// Messages of an earlier run that were not sent again by now are gone. The client may have got them, and keeps
    /// their identifiers until they are released.
    func releaseAllUnsent() {
        guard !client.unsent.isEmpty, !isSendingRetained else { return }
        let rest = client.unsent.values
        client.unsent = [:]
        for packetID in rest where client.window.release(packetID) != nil {
            if packets != nil { packetChanges.append(.released(packetID)) }
            sendHeld(.pubrel(packetID: packetID, reason: .success, properties: MQTTProperties()))
        }
    }

    // MARK: From the client

    /// Records a publication at QoS 2 that is not in the journal yet.
    func noteIncoming(_ packetID: UInt16, _ session: GatewaySession) {
        guard packets != nil else { return }
        client.unloggedIncoming.append((packetID, session.receiveTime))
    }

    /// A publication is in the journal.
    func noteReceived(_ packetID: UInt16, _ id: UInt64) {
        guard packets != nil, client.incoming[packetID] == id else { return }
        forgetUnlogged(packetID)
        packetChanges.append(.received(packetID, id: id))
    }

    /// The exchange of a publication has ended. The client may reuse the identifier once this step is durable.
    func noteEnded(_ packetID: UInt16) {
        guard packets != nil, let session else { return }
        forgetUnlogged(packetID)
        let through = client.unloggedIncoming.first.map { $0.time &- 1 } ?? session.receiveTime
        packetChanges.append(.ended(packetID, through: through))
    }

    /// Whether a publication is a copy of one that is in the journal, so that it is only acknowledged.
    func isReceived(_ packetID: UInt16) -> Bool {
        packets != nil && client.incoming[packetID] != nil
            && !client.unloggedIncoming.contains { $0.packetID == packetID }
    }

    func forgetUnlogged(_ packetID: UInt16) {
        guard let index = client.unloggedIncoming.firstIndex(where: { $0.packetID == packetID }) else { return }
        client.unloggedIncoming.remove(at: index)
    }
}
