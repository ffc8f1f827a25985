import NIOCore
import RembusTransport

/// The sending side of behaviour.md §7: send, wait for the Ack, send again, and at QoS 2 confirm with Ack2.
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

    /// Handles the refusal of a publication, which the broker sends instead of an acknowledgement.
    func received(_ reply: Reply, forPublication key: UInt64) {
        guard let publication = publications.removeValue(forKey: key) else { return }
        noteInFlight()
        if reply.status == .ok { return publication.continuation.resume() }
        let data = (try? reply.data.value) ?? .null
        publication.continuation.resume(
            throwing: RembusError(reply.status, data: data, subject: .publication(publication.topic)))
    }

    /// Fails the largest open publication, because the broker has closed the connection for a message that is too
    /// large. Only this one can be the cause. If it was sent again, it would end every further connection.
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

    /// Sends publications again whose acknowledgement is late, and fails those that were sent often enough. The time
    /// without a connection counts, so that every publication ends. Returns the next deadline.
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

    /// Sends all unacknowledged publications again on a new connection, in the old order and with the old ids.
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
