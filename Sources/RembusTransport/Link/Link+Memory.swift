import NIOCore

/// Counts the output of a link that its peer has not read, as part of the memory of all connections.
extension Link {
    /// The bytes from which the channel is asked how much it still has.
    private static let remarkableBytes = 16 << 10

    /// The unread output above which nothing more is read from the peer.
    var maxUnreadBytes: Int { min(configuration.maxUnreadBytes, group.memory.room) }

    /// Counts the waiting output, if it has changed by much.
    func countWaiting() {
        if handedOver >= Self.remarkableBytes, let channel = context?.channel { handedOver = channel.bufferedBytes }
        let bytes = backlog &+ handedOver
        guard (bytes &- countedBytes).magnitude >= Self.remarkableBytes || bytes == 0 else { return }
        group.memory.change(.outgoing, self, from: countedBytes, to: bytes)
        countedBytes = bytes
    }

    /// Ends the counting, because nothing waits any more.
    func forgetWaiting() {
        handedOver = 0
        guard countedBytes > 0 else { return }
        group.memory.change(.outgoing, self, from: countedBytes, to: 0)
        countedBytes = 0
    }

    /// Records that there was no room to send something. The owner is told when there is, as at the high-water mark.
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
    /// The bytes that were written and that the socket has not accepted.
    package var bufferedBytes: Int { (try? syncOptions?.getOption(.bufferedWritableBytes)) ?? 0 }
}

/// The limit on incomplete messages of all links of an event loop together.
extension Link {
    /// Called behind every read that may have begun, continued or finished a message that arrives in pieces.
    func countAssembly() {
        // On a link that is closing, incomplete messages are not needed.
        if !isOpen { discardAssembly() }
        let bytes = unfinishedBytes
        guard bytes != assembledBytes else { return }
        let isMore = bytes > assembledBytes
        noteAssembled(bytes)
        guard isMore else { return }
        let budget = group.memory.budget
        // The limit is based on the initial budget, because one message of the largest size must always be possible.
        let limit = max(min(configuration.maxAssemblyBytes, budget.fullLimit / 2), configuration.maxMessageBytes)
        let least = max(budget.fullLimit / 4, configuration.maxMessageBytes)
        // The link with the most bytes is closed first, so that a few stalled large messages do not keep out small
        // ones.
        while group.assemblies.bytes > limit || (budget.isExceeded && group.assemblies.bytes > least),
            assembledBytes > 0
        {
            (group.assemblies.largest ?? self).refuseAssembly()
        }
    }

    /// Called at the end of the link.
    func forgetAssembly() {
        discardAssembly()
        noteAssembled(0)
    }

    private func refuseAssembly() {
        close(code: 1013, reason: "too many unfinished messages at the moment; try again later")
        forgetAssembly()
    }

    private func noteAssembled(_ bytes: Int) {
        let old = assembledBytes
        assembledBytes = bytes
        group.assemblies.change(self, from: old, to: bytes)
    }
}
