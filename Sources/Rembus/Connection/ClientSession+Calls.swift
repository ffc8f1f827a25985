import NIOCore
import RembusTransport

extension ClientSession {
    func begin(_ call: PendingCall, id: UInt64, frame: Slice<UnsafeRawBufferPointer>, on link: Link?) {
        guard let link else { return call.complete(.failure(lossError)) }
        register(call, id: id)
        send(frame, on: link)
    }

    /// Sends a request of the session itself, such as a login.
    func begin(_ call: PendingCall, id: UInt64, message: Message, on link: Link) {
        register(call, id: id)
        send(message, on: link)
    }

    func register(_ call: PendingCall, id: UInt64) {
        calls[id] = call
        noteInFlight()
        arm(call.deadline)
    }

    func noteInFlight() {
        counters.inFlight = calls.count + publications.count
    }

    func cancelCall(_ id: UInt64) {
        guard let call = calls.removeValue(forKey: id) else { return }
        noteInFlight()
        call.cancel()
    }

    func received(_ reply: Reply, for id: MessageID) {
        // Answers whose id has another length, or that come too late, are ignored.
        guard let key = id.littleEndianValue else { return }
        if publications[key] != nil { return received(reply, forPublication: key) }
        guard let call = calls.removeValue(forKey: key) else {
            if reply.status == .challenge, id == .connection { challenged(reply) }
            return
        }
        noteInFlight()
        call.complete(.success(reply))
    }

    /// Fails calls whose time is over. Returns the next deadline.
    func expireCalls(_ now: NIODeadline) -> NIODeadline {
        var next = NIODeadline.distantFuture
        var expired: [UInt64] = []
        for (id, call) in calls {
            if call.deadline <= now { expired.append(id) } else { next = min(next, call.deadline) }
        }
        let ended = expired.compactMap { calls.removeValue(forKey: $0) }
        noteInFlight()
        for call in ended { call.expire() }
        return next
    }

    /// The error of calls that were open when the connection was lost.
    var lossError: RembusError {
        if case .closed(let reason) = phase { return Submissions.closedError(reason) }
        return RembusError(
            .connectionDown,
            "The connection to the broker was lost before the answer came; what was asked may have been done. "
                + "The component reconnects by itself: retry if doing it twice is safe.")
    }

    /// Fails all open calls, because the connection that they were sent on is gone.
    func failCalls(_ error: RembusError? = nil) {
        let error = error ?? lossError
        let failed = calls.values
        calls = [:]
        noteInFlight()
        for call in failed { call.complete(.failure(error)) }
    }
}
