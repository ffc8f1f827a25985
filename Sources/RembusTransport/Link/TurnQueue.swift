import NIOCore

/// Connections of one event loop that have more to do than one ``Turn``. They continue one after the other, and between
/// two of them the event loop serves its sockets. Used on the event loop only.
///
/// Tasks that are due at once would not do: the event loop runs those, and the tasks that they add, before it serves
/// any socket.
package final class TurnQueue {
    /// Long enough not to be due when the event loop looks for due tasks.
    static let pause = TimeAmount.microseconds(100)

    private let eventLoop: any EventLoop
    private var waiting = CircularBuffer<() -> Void>()
    private var isScheduled = false

    init(_ eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
    }

    /// Calls `turn` in its turn.
    package func add(_ turn: @escaping () -> Void) {
        waiting.append(turn)
        schedule()
    }

    private func schedule() {
        guard !isScheduled, !waiting.isEmpty else { return }
        isScheduled = true
        eventLoop.assumeIsolated().scheduleTask(in: Self.pause) { self.next() }
    }

    private func next() {
        isScheduled = false
        waiting.popFirst()?()
        schedule()
    }
}
