import NIOCore
import Synchronization

/// Messages of the event loops.
extension RouterThread {
    func send(_ batch: OutgoingBatch) {
        batch.bytes.withUnsafeReadableBytesWithStorageManagement { bytes, storage in
            var offset = 0
            for message in batch.messages {
                let end = offset + message.header + message.body
                let parts = UnsafeRawBufferPointer(rebasing: bytes[offset..<end])
                offset = end
                send(parts, header: message.header, ending: message.ending, to: message.peer, storage)
            }
        }
    }

    private func send(
        _ parts: UnsafeRawBufferPointer, header: Int, ending: OutgoingBatch.Ending, to peer: RouterPeer,
        _ storage: Unmanaged<AnyObject>
    ) {
        guard !peer.socketSide.isForgotten else { return peer.sent(parts.count) }
        guard peer.socketSide.waiting.isEmpty else {
            return wait(with: ByteBuffer(bytes: parts), header: header, ending: ending, peer)
        }
        switch trySend(parts, header: header, to: peer, storage) {
        case .done: finish(ending, peer)
        case .full: wait(with: ByteBuffer(bytes: parts), header: header, ending: ending, peer)
        case .gone:
            peer.sent(parts.count)
            lose(peer)
        }
    }

    /// Sends a message completely or not at all. Without a header there is nothing to send.
    private func trySend(
        _ parts: UnsafeRawBufferPointer, header: Int, to peer: RouterPeer, _ storage: Unmanaged<AnyObject>
    ) -> ZeroMQSocket.Sent {
        guard header > 0 else { return .done }
        let body = parts.count - header
        let isShared = body >= RouterLimits.sharedBodyBytes
        if isShared, peer.held.load(ordering: .sequentiallyConsistent) > RouterLimits.maxHeldBytes { return .full }
        // Only the first part can fail, because libzmq accepts whole messages.
        let outcome = socket.send(peer.routingID)
        guard outcome == .done else { return outcome }
        _ = socket.send([])
        _ = socket.send(UnsafeRawBufferPointer(rebasing: parts[..<header]))
        let bodyBytes = UnsafeRawBufferPointer(rebasing: parts[header...])
        if isShared {
            peer.held.wrappingAdd(body, ordering: .sequentiallyConsistent)
            _ = socket.send(shared: bodyBytes, SharedBody(storage.takeUnretainedValue(), peer, count: body))
        } else {
            _ = socket.send(bodyBytes)
        }
        _ = socket.send(Framing.end, more: false)
        peer.sent(isShared ? header : parts.count)
        return .done
    }

    private func finish(_ ending: OutgoingBatch.Ending, _ peer: RouterPeer) {
        switch ending {
        case .none: break
        case .forgotten: forget(peer)
        case .thrownOut: peer.socketSide.closedUntil = .now() + RouterLimits.quarantine
        }
    }

    // MARK: Waiting

    private func wait(with bytes: ByteBuffer, header: Int, ending: OutgoingBatch.Ending, _ peer: RouterPeer) {
        peer.socketSide.waiting.append(.init(bytes: bytes, header: header, ending: ending))
        guard !peer.socketSide.isListedAsBlocked else { return }
        peer.socketSide.isListedAsBlocked = true
        peer.isBlocked.store(true, ordering: .sequentiallyConsistent)
        blocked.append(peer)
    }

    /// Tries again to send what libzmq has not accepted.
    func flushBlocked() {
        let peers = blocked
        blocked = []
        for peer in peers {
            flush(peer)
            if peer.socketSide.waiting.isEmpty {
                peer.socketSide.isListedAsBlocked = false
                peer.isBlocked.store(false, ordering: .sequentiallyConsistent)
            } else {
                blocked.append(peer)
            }
        }
    }

    private func flush(_ peer: RouterPeer) {
        while let next = peer.socketSide.waiting.first {
            let outcome = next.bytes.withUnsafeReadableBytesWithStorageManagement {
                trySend($0, header: next.header, to: peer, $1)
            }
            switch outcome {
            case .full: return
            case .gone: return lose(peer)
            case .done:
                peer.socketSide.waiting.removeFirst()
                finish(next.ending, peer)
            }
        }
    }

    func dropWaiting(of peer: RouterPeer) {
        for message in peer.socketSide.waiting { peer.sent(message.bytes.readableBytes) }
        peer.socketSide.waiting = CircularBuffer()
    }
}
