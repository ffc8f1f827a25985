import NIOCore
import RembusBroker
import RembusMQTT
import RembusTransport

/// Packets beyond one turn of the event loop wait in the reader, and nothing more is read until they were handled; see
/// ``Turn``.
extension MQTTConnection {
    /// Continues with the waiting packets in a later turn.
    func scheduleTurn() {
        guard isBehind, !isTurnScheduled, let group = session?.link.group else { return }
        isTurnScheduled = true
        group.turns.add { self.takeTurn() }
    }

    private func takeTurn() {
        isTurnScheduled = false
        // Reading may be paused to slow the client down. A client that is gone need not be slowed down.
        guard isBehind, !isReadPaused || isGone else { return }
        lastHeard = .now()
        isBehind = false
        drain()
        countIncoming(reader.pendingBytes)
        endWork()
        if isBehind { return scheduleTurn() }
        guard isGone else {
            if phase == .open { updateReading() }
            return
        }
        leave(isWillDue: true)
        isGone = false
        if context == nil { forget() }
    }

    /// The client has closed the connection. This takes effect behind the packets that it sent before.
    func lost() {
        guard isBehind, phase == .open else { return leave(isWillDue: true) }
        isGone = true
        scheduleTurn()
    }
}
