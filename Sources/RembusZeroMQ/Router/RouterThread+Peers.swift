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

/// Connections that come and go.
extension RouterThread {
    /// Whom a message is from; nil when it is not wanted.
    func peer(of id: UnsafeRawBufferPointer, _ part: UnsafeMutablePointer<zmq_msg_t>) -> RouterPeer? {
        let key = RoutingID(id)
        if let known = peers[key] {
            let isSame = known.socketSide.token.mark == ConnectionToken.mark(of: part)
            if isSame { return known.socketSide.closedUntil == nil ? known : nil }
            // Peers may choose their routing id: another connection with the same one is another peer.
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
        // Of two with one descriptor the older one's connection is gone; and events that are due come first.
        takeEvents()
        if let older = byDescriptor[descriptor] { lose(older) }
        let lane = lanes[nextLane]
        nextLane = (nextLane + 1) % lanes.count
        let peer = RouterPeer(
            routingID: Array(id), address: "\(address):\(PeerPort.of(descriptor))", lane: lane,
            socketSide: .init(descriptor: descriptor, token: ConnectionToken(part), ticket: ticket))
        peers[key] = peer
        byDescriptor[descriptor] = peer
        // It may have sent and hung up before we looked.
        if !openDescriptors.contains(descriptor) { markLeaving(peer) }
        return peer
    }

    /// Tells a peer that it is not let in.
    private func turnAway(_ id: UnsafeRawBufferPointer, _ reason: LinkCloseReason) {
        guard socket.send(id) == .done else { return }
        _ = socket.send([])
        _ = socket.send(Array(CloseMessage.header(reason).readableBytesView))
        _ = socket.send([Framing.null])
        _ = socket.send(Framing.end, more: false)
    }

    // MARK: Events

    /// Takes note of connections that were opened or lost.
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

    /// libzmq takes every connection, and tries for ever when there is no descriptor for the next one: what has not begun to
    /// speak and is too much is cut off, so that it never comes to that.
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

    /// Everything was read: peers without a connection are done.
    func removeLeaving() {
        guard !leaving.isEmpty else { return }
        let gone = leaving
        leaving = []
        for peer in gone { lose(peer) }
    }

    // MARK: The end

    /// A connection that is no more.
    func lose(_ peer: RouterPeer) {
        guard !peer.socketSide.isForgotten else { return }
        forget(peer)
        reportGone(peer)
    }

    /// Gives up everything that is kept of a peer.
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
