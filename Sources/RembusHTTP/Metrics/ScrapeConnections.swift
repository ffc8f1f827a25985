import NIOCore
import Synchronization

/// The open connections of the port for metrics. When there are too many, the one that has been idle longest is closed,
/// so that idle connections do not keep others out.
final class ScrapeConnections: Sendable {
    private struct Entry {
        let channel: any Channel
        var lastUsed: UInt64
        var isAnswering = false
    }

    private struct State {
        var entries: [ObjectIdentifier: Entry] = [:]
        var uses: UInt64 = 0

        mutating func nextUse() -> UInt64 {
            uses += 1
            return uses
        }
    }

    private let limit: Int
    private let state = Mutex(State())

    init(limit: Int) {
        self.limit = limit
    }

    /// Adds a connection, and closes one when there are too many.
    func opened(_ channel: any Channel) {
        let key = ObjectIdentifier(channel)
        let victim = state.withLock { state -> (any Channel)? in
            let isFull = state.entries.count >= limit
            let oldest =
                isFull
                ? state.entries.filter { !$0.value.isAnswering }.min { $0.value.lastUsed < $1.value.lastUsed } : nil
            if isFull, oldest == nil { return channel }
            if let oldest { state.entries[oldest.key] = nil }
            state.entries[key] = Entry(channel: channel, lastUsed: state.nextUse())
            return oldest?.value.channel
        }
        channel.closeFuture.whenComplete { _ in self.state.withLock { $0.entries[key] = nil } }
        victim?.close(promise: nil)
    }

    /// Records whether a request of the connection is being answered.
    func answers(_ channel: any Channel, _ isAnswering: Bool) {
        state.withLock { state in
            let use = state.nextUse()
            state.entries[ObjectIdentifier(channel)]?.isAnswering = isAnswering
            state.entries[ObjectIdentifier(channel)]?.lastUsed = use
        }
    }
}
