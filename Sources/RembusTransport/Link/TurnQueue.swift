import NIOCore

/// Connections of one event loop that have more to do than one ``Turn``: they go on one after the other, and between two of
/// them the event loop looks at its sockets. Used on the event loop only.
///
/// It must not do so with tasks that are due at once: the event loop runs those, and the ones that they bring, before it looks
/// at any socket.
package final class TurnQueue {
    /// Long enough not to be over when the event loop asks for the tasks that are due.
    static let pause = TimeAmount.microseconds(100)

    private let eventLoop: any EventLoop
    private var waiting = CircularBuffer<() -> Void>()
    private var isScheduled = false

    init(_ eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
    }

    /// Has `turn` called when it is its turn.
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
