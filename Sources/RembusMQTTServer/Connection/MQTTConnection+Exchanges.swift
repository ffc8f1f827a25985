import NIOCore
import RembusBroker
import RembusMQTT
import RembusSupport
import RembusTransport
import RembusTrust

/// Packets that wait until what their receiver relies on is durable.
final class HeldPackets {
    let bytes: ByteBuffer
    /// How many files have not been synced yet.
    var missing = 1

    init(_ bytes: ByteBuffer) {
        self.bytes = bytes
    }
}

/// Exchanges at QoS 2 of a session that is kept: each step is written down, and the packets that follow from it leave when
/// it is durable, those of one unit of work together. A message counts once, whenever the broker is killed.
extension MQTTConnection {
    /// Finds out whether the session is one that is kept.
    func chooseKeeping() {
        packets = name != nil && client.expiry > 0 ? server.packets : nil
    }

    // MARK: Holding

    /// Where a publication at QoS 2 is collected: not before it is stored and its identifier noted may the client get it.
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

    /// Sends a packet of an exchange when what was written down so far is durable.
    func sendHeld(_ packet: MQTTPacket) {
        guard packets != nil else { return send(packet) }
        var buffer = takeHeldBuffer()
        packet.encode(version: version, into: &buffer)
        giveBackHeld(buffer)
    }

    /// Ends a unit of work: its steps go to the file, its packets leave when that has them.
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

    /// Moves to the output what may leave, in the order in which it came.
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

    /// The identifier of a delivery that an earlier run has begun.
    func earlierPacketID(_ place: DeliveryPlace, _ delivery: UInt64) -> UInt16? {
        guard !client.unsent.isEmpty, let packetID = client.unsent.removeValue(forKey: place) else { return nil }
        client.window.attach(packetID, to: delivery)
        return packetID
    }

    /// Tells the broker what an earlier run has sent, and finds the retained messages among it.
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

    /// The broker does not know any more what these identifiers stand for: it is told what was written down, as after a
    /// restart. The others end.
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

    /// The client has a message that was not sent again yet: it does not come any more.
    func releaseUnsent(_ packetID: UInt16) {
        guard let (place, _) = client.unsent.first(where: { $0.value == packetID }) else { return }
        client.unsent[place] = nil
        session?.restore([
            GatewaySession.EarlierDelivery(key: place.key, receivedAt: place.receivedAt, isOwed: false)
        ])
    }

    /// What has not come by now is gone. The client may have got it, and keep its identifier until it is released.
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

    /// Notes a publication of QoS 2 that is not in the journal yet.
    func noteIncoming(_ packetID: UInt16, _ session: GatewaySession) {
        guard packets != nil else { return }
        client.unloggedIncoming.append((packetID, session.receiveTime))
    }

    /// The journal has it.
    func noteReceived(_ packetID: UInt16, _ id: UInt64) {
        guard packets != nil, client.incoming[packetID] == id else { return }
        forgetUnlogged(packetID)
        packetChanges.append(.received(packetID, id: id))
    }

    /// The client may use the identifier again once this is durable.
    func noteEnded(_ packetID: UInt16) {
        guard packets != nil, let session else { return }
        forgetUnlogged(packetID)
        let through = client.unloggedIncoming.first.map { $0.time &- 1 } ?? session.receiveTime
        packetChanges.append(.ended(packetID, through: through))
    }

    /// Whether a publication is a copy of one that is in the journal, so that nothing has to be done but to say so.
    func isReceived(_ packetID: UInt16) -> Bool {
        packets != nil && client.incoming[packetID] != nil
            && !client.unloggedIncoming.contains { $0.packetID == packetID }
    }

    func forgetUnlogged(_ packetID: UInt16) {
        guard let index = client.unloggedIncoming.firstIndex(where: { $0.packetID == packetID }) else { return }
        client.unloggedIncoming.remove(at: index)
    }
}
