/// What messages that arrive in pieces may cost all links of an event loop together.
extension Link {
    /// Called behind every read that may have begun, continued or finished a message in pieces.
    func countAssembly() {
        // On a link that is closing, the rest of a message that has begun to arrive is not needed.
        if !isOpen { discardAssembly() }
        let bytes = unfinishedBytes
        guard bytes != assembledBytes else { return }
        let isMore = bytes > assembledBytes
        noteAssembled(bytes)
        guard isMore else { return }
        let budget = group.memory.budget
        // By what the broker was started with: one message of the largest size must get through, however little is free.
        let limit = max(min(configuration.maxAssemblyBytes, budget.fullLimit / 2), configuration.maxMessageBytes)
        let least = max(budget.fullLimit / 4, configuration.maxMessageBytes)
        // Who holds most goes first: a few stalled large messages must not keep everybody's small ones out.
        while group.assemblies.bytes > limit || (budget.isExceeded && group.assemblies.bytes > least),
            assembledBytes > 0
        {
            (group.assemblies.largest ?? self).refuseAssembly()
        }
    }

    /// The link is gone.
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
