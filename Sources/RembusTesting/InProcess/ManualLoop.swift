package import Foundation
package import NIOCore
package import NIOEmbedded
import Synchronization

/// An event loop that runs when the test calls it, on the test's thread. Other threads may add tasks.
///
/// The embedded loop of SwiftNIO is for one thread only, but a broker may have threads that report back. `embedded` is
/// used only on the thread that made the loop, hence unchecked.
package final class ManualLoop: EventLoop, @unchecked Sendable {
    package let embedded = EmbeddedEventLoop()
    private let home = Thread.current
    private let inbox = Mutex<[@Sendable () -> Void]>([])
    /// Whether a task was added since the last run.
    private var hasWork = false

    package init() {}

    package var inEventLoop: Bool { Thread.current === home }

    package var now: NIODeadline { embedded.now }

    package func execute(_ task: @escaping @Sendable () -> Void) {
        guard inEventLoop else { return inbox.withLock { $0.append(task) } }
        hasWork = true
        embedded.execute(task)
    }

    @discardableResult
    package func scheduleTask<T>(
        deadline: NIODeadline, _ task: @escaping @Sendable () throws -> T
    ) -> Scheduled<T> {
        embedded.scheduleTask(deadline: deadline, task)
    }

    @discardableResult
    package func scheduleTask<T>(
        in delay: TimeAmount, _ task: @escaping @Sendable () throws -> T
    ) -> Scheduled<T> {
        embedded.scheduleTask(in: delay, task)
    }

    package func shutdownGracefully(queue: DispatchQueue, _ callback: @escaping @Sendable ((any Error)?) -> Void) {
        queue.async { callback(nil) }
    }

    /// Runs everything that is due, including tasks of other threads. Returns whether any task had been added.
    @discardableResult
    package func run() -> Bool {
        let brought = inbox.withLock { inbox in
            defer { inbox = [] }
            return inbox
        }
        let hadWork = hasWork || !brought.isEmpty
        hasWork = false
        for task in brought { embedded.execute(task) }
        embedded.run()
        return hadWork
    }

    package func advance(by amount: TimeAmount) {
        run()
        embedded.advanceTime(by: amount)
    }
}

/// The event loops of one broker.
package final class ManualLoopGroup: EventLoopGroup {
    package let loops: [ManualLoop]

    package init(_ loops: [ManualLoop]) { self.loops = loops }

    package func next() -> any EventLoop { loops[0] }

    package func makeIterator() -> EventLoopIterator { EventLoopIterator(loops) }

    package func shutdownGracefully(queue: DispatchQueue, _ callback: @escaping @Sendable ((any Error)?) -> Void) {
        queue.async { callback(nil) }
    }
}
