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
