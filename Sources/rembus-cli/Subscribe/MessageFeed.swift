import Rembus
import Synchronization

/// The subscriptions of `rembus sub`.
final class MessageFeed: Sendable {
    private let component: Component
    private let printer: MessagePrinter
    private let subscriptions = Mutex<[Subscription]>([])

    init(_ component: Component, _ printer: MessagePrinter) {
        self.component = component
        self.printer = printer
    }

    /// Prints messages until there are enough, the time is over, the connection is closed for good, or the task is
    /// cancelled.
    ///
    /// The component must not become reactive by subscribing. With many topics, messages of the first could fill its
    /// buffer, and the answer about the last would wait behind them.
    func run(_ topics: [String], from start: ReplayStart, timeout: TimeSpanOption?) async throws {
        for topic in Set(topics) {
            let subscription = try await component.subscribe(topic, from: start, buffer: Self.buffer(start))
            subscriptions.withLock { $0.append(subscription) }
        }
        try await component.reactive()
        // A task returns true when the command is finished.
        try await withThrowingTaskGroup(of: Bool.self) { tasks in
            defer { tasks.cancelAll() }
            for subscription in subscriptions.withLock({ $0 }) {
                tasks.addTask { [printer] in
                    for await message in subscription {
                        if try !printer.print(message) { return true }
                    }
                    return false
                }
            }
            tasks.addTask { [component] in
                try await component.reportConnection()
                return true
            }
            if let timeout {
                tasks.addTask { [printer] in
                    try await Task.sleep(for: timeout.duration)
                    try printer.checkComplete()
                    return true
                }
            }
            // Subscriptions also end with the component. The task that watches the component knows the reason.
            while let isDone = try await tasks.next(), !isDone {}
        }
    }

    /// Messages that the reader of our output does not take stay at the broker, because the connection is not read
    /// meanwhile. Messages of a replay are acknowledged when they are printed, so that the broker sends the others
    /// again.
    private static func buffer(_ start: ReplayStart) -> SubscriptionBuffer {
        var buffer = SubscriptionBuffer.pausing(10_000)
        buffer.maxBytes = 16 << 20
        buffer.acknowledgesWhenRead = StartOption(start: start).isReplay
        return buffer
    }

    // MARK: The end of a replay

    /// Stops delivery, and prints everything that the broker has sent, because the broker counts it as received.
    /// Messages beyond the wanted number are counted.
    func settle() async {
        let work = Interruption.Remainder(
            progress: { [printer] in printer.printed },
            giveUp: { [self] in
                guard let failure = unprinted else { return .success }
                StandardError.say(failure.description)
                return failure.status
            })
        Interruption.finish(work)
        await withTaskGroup(of: Bool.self) { tasks in
            // Everything that was sent comes before the answer to this.
            tasks.addTask { [self] in
                await stopDelivery()
                return true
            }
            for subscription in subscriptions.withLock({ $0 }) {
                tasks.addTask { [self] in
                    await take(subscription)
                    return false
                }
            }
            while let isAnswered = await tasks.next(), !isAnswered {}
            tasks.cancelAll()
        }
        for subscription in subscriptions.withLock({ $0 }) {
            var messages = subscription.makeAsyncIterator()
            while printer.isWanted, subscription.waitingCount > 0, let message = await messages.next() {
                printer.printOrCount(message)
            }
            printer.count(discarded: subscription.discardAtMostOnce())
        }
    }

    /// Returns when the broker has confirmed that it sends no more, or can no longer send.
    private func stopDelivery() async {
        while true {
            do {
                return try await component.unreactive()
            } catch let error as RembusError where error.code == .timeout {
                // The answer is behind messages that the reader of our output takes slowly.
                continue
            } catch {
                return
            }
        }
    }

    /// Discards the messages of the subscription until the task is cancelled, so that what is behind them is received.
    private func take(_ subscription: Subscription) async {
        var messages = subscription.makeAsyncIterator()
        while printer.isWanted, let message = await messages.next() { printer.printOrCount(message) }
        while !Task.isCancelled {
            printer.count(discarded: subscription.discardAtMostOnce())
            try? await Task.sleep(for: .milliseconds(5))
        }
    }

    /// The failure when messages were not printed that the broker will not send again; nil when there are none.
    var unprinted: CommandFailure? {
        let waiting = subscriptions.withLock { $0 }.reduce(0) { $0 + $1.waitingAtMostOnceCount }
        let count = printer.unprinted + waiting
        guard count > 0 else { return nil }
        return CommandFailure(
            "\(count) messages came that were not printed, and the broker does not send them again: it counts as received "
                + "what it has sent at QoS 0", status: .incomplete)
    }
}
