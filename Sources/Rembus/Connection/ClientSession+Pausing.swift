import RembusTransport

/// Back-pressure to the broker: while the queue of a subscription has no room, nothing is read from the connection.
extension ClientSession {
    /// Stops reading until the queue has room.
    func pauseReading(for queue: SubscriptionQueue) {
        let key = ObjectIdentifier(queue)
        guard let link = readyLink, fullQueues.insert(key).inserted else { return }
        link.pauseReading()
        queue.whenRoom(for: ObjectIdentifier(self)) { [submissions] in
            submissions.perform { $0.resumeReading(after: key) }
        }
    }

    /// A queue has room, or is none of ours any more; reading goes on when no other one is full.
    func resumeReading(after queue: ObjectIdentifier) {
        guard fullQueues.remove(queue) != nil, fullQueues.isEmpty else { return }
        readyLink?.resumeReading()
    }
}
