import CZeroMQ
import Logging
import NIOCore
import RembusListening
import RembusTransport

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// New and lost connections.
extension RouterThread {
    /// The peer that sent a message; nil when the message is to be ignored.
    func peer(of id: UnsafeRawBufferPointer, _ part: UnsafeMutablePointer<zmq_msg_t>) -> RouterPeer? {
        let key = RoutingID(id)
        if let known = peers[key] {
            let isSame = known.socketSide.token.mark == ConnectionToken.mark(of: part)
            if isSame { return known.socketSide.closedUntil == nil ? known : nil }
            // Peers may choose their routing id. Another connection with the same id is another peer.
            lose(known)
        }
        return admit(key, id, part)
    }

    private func admit(
        _ key: RoutingID, _ id: UnsafeRawBufferPointer, _ part: UnsafeMutablePointer<zmq_msg_t>
    ) -> RouterPeer? {
        let address = ConnectionToken.address(of: part)
        guard isAccepting else {
            turnAway(id, LinkCloseReason(code: 1001, text: "broker is shutting down", isRemote: false))
            return nil
        }
        var ticket: ConnectionAdmission.Ticket?
        if let admission = settings.admission {
            switch admission.admit(try? SocketAddress(ipAddress: address, port: 0)) {
            case .success(let admitted): ticket = admitted
            case .failure(let refusal):
                settings.logger.debug(
                    "connection refused", metadata: ["address": "\(address)", "reason": "\(refusal)"])
                turnAway(id, LinkCloseReason(code: 1013, text: refusal.rawValue, isRemote: false))
                return nil
            }
        }
        let descriptor = ConnectionToken.property("__fd", of: part).flatMap(Int32.init) ?? -1
        // If two have the same descriptor, the connection of the older one is gone. Events that are due come first.
        takeEvents()
        if let older = byDescriptor[descriptor] { lose(older) }
        let lane = lanes[nextLane]
        nextLane = (nextLane + 1) % lanes.count
        let peer = RouterPeer(
            routingID: Array(id), address: "\(address):\(PeerPort.of(descriptor))", lane: lane,
            socketSide: .init(descriptor: descriptor, token: ConnectionToken(part), ticket: ticket))
        peers[key] = peer
        byDescriptor[descriptor] = peer
        // The peer may have sent and closed the connection before this.
        if !openDescriptors.contains(descriptor) { markLeaving(peer) }
        return peer
    }

    /// Tells a peer that it is not accepted.
    private func turnAway(_ id: UnsafeRawBufferPointer, _ reason: LinkCloseReason) {
        guard socket.send(id) == .done else { return }
        _ = socket.send([])
        _ = socket.send(Array(CloseMessage.header(reason).readableBytesView))
        _ = socket.send([Framing.null])
        _ = socket.send(Framing.end, more: false)
    }

    // MARK: Events

    /// Handles events about opened and lost connections.
    func takeEvents() {
        while let (event, descriptor) = socket.nextEvent() {
            switch event {
            case ZMQ_EVENT_ACCEPTED: accepted(descriptor)
            case ZMQ_EVENT_ACCEPT_FAILED: settings.admission?.count(.outOfDescriptors)
            case ZMQ_EVENT_DISCONNECTED, ZMQ_EVENT_CLOSED:
                openDescriptors.remove(descriptor)
                if let peer = byDescriptor.removeValue(forKey: descriptor) { markLeaving(peer) }
            default: break
            }
        }
    }

    /// libzmq accepts every connection, and tries without end when there is no descriptor for the next one. So when
    /// there are too many, connections that have not sent anything are closed before that happens.
    private func accepted(_ descriptor: Int32) {
        openDescriptors.insert(descriptor)
        guard let admission = settings.admission else { return }
        let newcomers = openDescriptors.count - byDescriptor.count
        guard newcomers > 0, !admission.hasDescriptors(for: newcomers) else { return }
        openDescriptors.remove(descriptor)
        shutdown(descriptor, Int32(SHUT_RDWR))
    }

    private func markLeaving(_ peer: RouterPeer) {
        guard !peer.socketSide.isLeaving else { return }
        peer.socketSide.isLeaving = true
        leaving.append(peer)
    }

    /// Everything was read, so peers without a connection are removed.
    func removeLeaving() {
        guard !leaving.isEmpty else { return }
        let gone = leaving
        leaving = []
        for peer in gone { lose(peer) }
    }

    // MARK: The end

    /// Handles the loss of a connection.
    func lose(_ peer: RouterPeer) {
        guard !peer.socketSide.isForgotten else { return }
        forget(peer)
        reportGone(peer)
    }

    /// Deletes the state of a peer.
    func forget(_ peer: RouterPeer) {
        guard !peer.socketSide.isForgotten else { return }
        peer.socketSide.isForgotten = true
        let key = peer.routingID.withUnsafeBytes { RoutingID($0) }
        if peers[key] === peer { peers[key] = nil }
        if byDescriptor[peer.socketSide.descriptor] === peer { byDescriptor[peer.socketSide.descriptor] = nil }
        dropWaiting(of: peer)
        release(peer)
    }

    func release(_ peer: RouterPeer) {
        guard let ticket = peer.socketSide.ticket else { return }
        settings.admission?.release(ticket)
    }
}
