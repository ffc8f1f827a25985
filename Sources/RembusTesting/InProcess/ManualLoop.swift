package import Foundation
package import NIOCore
package import NIOEmbedded
import Synchronization

/// An event loop that runs when the test says so, on the test's thread, and that other threads may hand work to.
///
/// The loop of the library is for one thread alone; a broker may have threads that report back.
/// `embedded` is touched on the thread that made the loop only, hence unchecked.
package final class ManualLoop: EventLoop, @unchecked Sendable {
    package let embedded = EmbeddedEventLoop()
    private let home = Thread.current
    private let inbox = Mutex<[@Sendable () -> Void]>([])
    /// Whether something was handed in since the last run.
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

    /// Does everything that is due, what other threads brought included. True when there was anything that somebody had
    /// handed in.
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

/// The loops of one broker.
package final class ManualLoopGroup: EventLoopGroup {
    package let loops: [ManualLoop]

    package init(_ loops: [ManualLoop]) { self.loops = loops }

    package func next() -> any EventLoop { loops[0] }

    package func makeIterator() -> EventLoopIterator { EventLoopIterator(loops) }

    package func shutdownGracefully(queue: DispatchQueue, _ callback: @escaping @Sendable ((any Error)?) -> Void) {
        queue.async { callback(nil) }
    }
}
