import RembusTransport

/// Back-pressure: while the queue of a subscription is full, nothing is read from the connection.
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

    /// Called when a queue has room or has ended. Reading continues if no other queue is full.
    func resumeReading(after queue: ObjectIdentifier) {
        guard fullQueues.remove(queue) != nil, fullQueues.isEmpty else { return }
        readyLink?.resumeReading()
    }
}
