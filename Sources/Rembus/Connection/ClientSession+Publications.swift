import NIOCore
import RembusTransport

/// The sender of behaviour.md §7: send, wait for the Ack, send again, and for QoS 2 confirm with Ack2.
extension ClientSession {
    func begin(_ publication: OutgoingPublication) {
        if case .closed(let reason) = phase {
            return publication.continuation.resume(throwing: Submissions.closedError(reason))
        }
        var publication = publication
        nextSequence += 1
        publication.sequence = nextSequence
        publications[publication.id] = publication
        noteInFlight()
        arm(publication.deadline)
        if let link = readyLink { send(.whole(publication.frame), on: link) }
    }

    func received(ack id: MessageID) {
        guard let key = id.littleEndianValue, let publication = publications.removeValue(forKey: key) else { return }
        noteInFlight()
        if publication.qos == .exactlyOnce, let link = readyLink { send(.ack2(id), on: link) }
        publication.continuation.resume()
    }

    /// The broker answers a publication that it does not take with the reason, in the place of the acknowledgement.
    func received(_ reply: Reply, forPublication key: UInt64) {
        guard let publication = publications.removeValue(forKey: key) else { return }
        noteInFlight()
        if reply.status == .ok { return publication.continuation.resume() }
        let data = (try? reply.data.value) ?? .null
        publication.continuation.resume(
            throwing: RembusError(reply.status, data: data, subject: .publication(publication.topic)))
    }

    /// The broker has ended the connection because a message was larger than it takes, and only one of these can have been
    /// that: the largest. Sent again it would end every further connection.
    func failLargestPublication() {
        guard let largest = publications.values.max(by: { $0.frame.readableBytes < $1.frame.readableBytes }) else {
            return
        }
        publications[largest.id] = nil
        noteInFlight()
        largest.continuation.resume(
            throwing: RembusError(
                .tooLarge,
                "The broker takes no message as large as the publication on `\(largest.topic)` (\(largest.frame.readableBytes) "
                    + "bytes). Send less at once, or raise the broker's `max_ws_frame`."))
    }

    func cancelPublication(_ id: UInt64) {
        guard let publication = publications.removeValue(forKey: id) else { return }
        noteInFlight()
        publication.continuation.resume(throwing: CancellationError())
    }

    /// Sends again what nobody acknowledged in time, and gives up on what was sent often enough. The time without a
    /// connection counts, so that a publication always ends. Returns the next deadline.
    func retryPublications(_ now: NIODeadline) -> NIODeadline {
        var next = NIODeadline.distantFuture
        var due: [OutgoingPublication] = []
        for publication in publications.values {
            if publication.deadline <= now { due.append(publication) } else { next = min(next, publication.deadline) }
        }
        for var publication in due.sorted(by: { $0.sequence < $1.sequence }) {
            guard publication.retriesLeft > 0 else {
                publications[publication.id] = nil
                noteInFlight()
                publication.continuation.resume(throwing: giveUpError(publication))
                continue
            }
            publication.retriesLeft -= 1
            publication.deadline = now + TimeAmount(bounded: settings.acknowledgementTimeout)
            publications[publication.id] = publication
            next = min(next, publication.deadline)
            if let link = readyLink { send(.whole(publication.frame), on: link) }
        }
        return next
    }

    private func giveUpError(_ publication: OutgoingPublication) -> RembusError {
        let seconds = settings.acknowledgementTimeout.seconds * Double(settings.sendRetries + 1)
        return RembusError(
            .timeout,
            "The publication on `\(publication.topic)` was not acknowledged within \(seconds) s (`ack_timeout` and "
                + "`send_retries`). The broker may be gone, or have no room for it: look into its log, then publish again."
        )
    }

    /// On a new connection: everything unacknowledged goes out again, in the old order and with the old ids.
    func resumePublications(on link: Link) {
        for publication in publications.values.sorted(by: { $0.sequence < $1.sequence }) {
            send(.whole(publication.frame), on: link)
        }
    }

    func failPublications() {
        let error = lossError
        let failed = publications.values
        publications = [:]
        noteInFlight()
        for publication in failed { publication.continuation.resume(throwing: error) }
    }
}
