import NIOCore

/// What waits for the peer of a link counts towards what all connections may hold.
extension Link {
    /// From this on it is worth asking the channel what it has left of what it was given.
    private static let remarkableBytes = 16 << 10

    /// Outgoing bytes above which nothing more is read from the peer.
    var maxUnreadBytes: Int { min(configuration.maxUnreadBytes, group.memory.room) }

    /// Counts what waits, if it has changed by much.
    func countWaiting() {
        if handedOver >= Self.remarkableBytes, let channel = context?.channel { handedOver = channel.bufferedBytes }
        let bytes = backlog &+ handedOver
        guard (bytes &- countedBytes).magnitude >= Self.remarkableBytes || bytes == 0 else { return }
        group.memory.change(.outgoing, self, from: countedBytes, to: bytes)
        countedBytes = bytes
    }

    /// Nothing waits any more.
    func forgetWaiting() {
        handedOver = 0
        guard countedBytes > 0 else { return }
        group.memory.change(.outgoing, self, from: countedBytes, to: 0)
        countedBytes = 0
    }

    /// The owner had no room to send what it wanted to: it is told when the peer has taken what waits, as at the high-water mark.
    package func noteRefused() {
        if backlog > 0 { isCongested = true }
    }
}

extension Link: MemoryHolder {
    package func recountMemory() {
        if sink == nil { countWaiting() } else { sink?.linkRecountsMemory(self) }
    }

    package func giveUpMemory() {
        let sink = self.sink
        close(code: 1013, reason: "the broker is short of memory, and this connection takes nothing; try again later")
        sink?.linkGivesUpMemory(self)
        drop()
    }
}

extension Channel {
    /// Bytes that were written and that the socket has not taken.
    package var bufferedBytes: Int { (try? syncOptions?.getOption(.bufferedWritableBytes)) ?? 0 }
}
