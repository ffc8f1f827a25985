import NIOCore
import Synchronization

/// Messages of the component.
extension DealerThread {
    enum Flushed {
        /// Everything was sent, or what is left waits for large bodies to be sent, which wakes the thread.
        case done
        /// libzmq accepts no more at the moment.
        case full
    }

    /// Sends queued messages while libzmq accepts them.
    func flush() -> Flushed {
        while let batch = queue.first {
            while queueIndex < batch.messages.count {
                let (header, body) = batch.messages[queueIndex]
                let isShared = body >= DealerLimits.sharedBodyBytes
                if isShared, mailbox.held.load(ordering: .sequentiallyConsistent) > DealerLimits.maxHeldBytes {
                    return .done
                }
                let outcome = batch.bytes.withUnsafeReadableBytesWithStorageManagement { bytes, storage in
                    send(
                        UnsafeRawBufferPointer(rebasing: bytes[queueOffset..<queueOffset + header + body]), header,
                        shared: isShared ? storage.takeUnretainedValue() : nil)
                }
                if outcome == .full { return .full }
                queueIndex += 1
                queueOffset += header + body
            }
            queue.removeFirst()
            (queueIndex, queueOffset) = (0, 0)
        }
        return .done
    }

    private func send(_ parts: UnsafeRawBufferPointer, _ header: Int, shared storage: AnyObject?) -> ZeroMQSocket.Sent {
        guard let socket else { return .gone }
        // Only the first part can fail, because libzmq accepts whole messages.
        let outcome = socket.send([])
        guard outcome == .done else {
            if outcome == .gone { mailbox.sent(parts.count) }
            return outcome
        }
        _ = socket.send(UnsafeRawBufferPointer(rebasing: parts[..<header]))
        let body = UnsafeRawBufferPointer(rebasing: parts[header...])
        if let storage {
            mailbox.held.wrappingAdd(body.count, ordering: .sequentiallyConsistent)
            _ = socket.send(shared: body, SharedBody(storage, mailbox, count: body.count))
        } else {
            _ = socket.send(body)
        }
        _ = socket.send(Framing.end, more: false)
        mailbox.sent(storage == nil ? parts.count : header)
        return .done
    }

    func send(ping header: [UInt8]) {
        guard let socket, socket.send([]) == .done else { return }
        _ = socket.send(header)
        _ = socket.send([Framing.null])
        _ = socket.send(Framing.end, more: false)
    }
}
