import Foundation
import NIOCore
import NIOEmbedded
import Synchronization

/// An event loop that runs when the test says so, on the test's thread, and that other threads may hand work to.
///
/// The loop of the library is for one thread alone; the broker has threads of its own that report back.
/// `embedded` is touched on the thread that made the loop only, hence unchecked.
final class FuzzLoop: EventLoop, @unchecked Sendable {
    let embedded = EmbeddedEventLoop()
    private let home = Thread.current
    private let inbox = Mutex<[@Sendable () -> Void]>([])

    var inEventLoop: Bool { Thread.current === home }

    var now: NIODeadline { embedded.now }

    func execute(_ task: @escaping @Sendable () -> Void) {
        if inEventLoop { embedded.execute(task) } else { inbox.withLock { $0.append(task) } }
    }

    @discardableResult
    func scheduleTask<T>(deadline: NIODeadline, _ task: @escaping @Sendable () throws -> T) -> Scheduled<T> {
        embedded.scheduleTask(deadline: deadline, task)
    }

    @discardableResult
    func scheduleTask<T>(in delay: TimeAmount, _ task: @escaping @Sendable () throws -> T) -> Scheduled<T> {
        embedded.scheduleTask(in: delay, task)
    }

    func shutdownGracefully(queue: DispatchQueue, _ callback: @escaping @Sendable ((any Error)?) -> Void) {
        queue.async { callback(nil) }
    }

    /// Does everything that is due, what other threads brought included.
    func run() {
        let brought = inbox.withLock { inbox in
            defer { inbox = [] }
            return inbox
        }
        for task in brought { embedded.execute(task) }
        embedded.run()
    }

    func advance(by amount: TimeAmount) {
        run()
        embedded.advanceTime(by: amount)
    }
}

/// The loops of one broker.
final class FuzzLoopGroup: EventLoopGroup {
    let loops: [FuzzLoop]

    init(_ loops: [FuzzLoop]) { self.loops = loops }

    func next() -> any EventLoop { loops[0] }

    func makeIterator() -> EventLoopIterator { EventLoopIterator(loops) }

    func shutdownGracefully(queue: DispatchQueue, _ callback: @escaping @Sendable ((any Error)?) -> Void) {
        queue.async { callback(nil) }
    }
}
