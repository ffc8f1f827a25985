import NIOCore
import RembusTransport

/// The memory of a connection: answers that the client has not read, and the body that is arriving.
extension HTTPRequestHandler: MemoryHolder {
    /// The size in bytes from which an answer is counted.
    static let remarkableBytes = 16 << 10

    func countAnswers() {
        let bytes = context?.channel.bufferedBytes ?? 0
        guard bytes >= Self.remarkableBytes || countedAnswers > 0 else { return }
        pool.memory.change(.answers, self, from: countedAnswers, to: bytes)
        countedAnswers = bytes
    }

    /// Counts a piece of a body. Returns false when there is no memory for the rest of a large one.
    func countBody(_ bytes: Int) -> Bool {
        countedBody += bytes
        pool.memory.change(.incoming, by: bytes)
        return countedBody <= MemoryBudget.leastRoom || !pool.memory.budget.isExceeded
    }

    func forgetBody() {
        guard countedBody > 0 else { return }
        pool.memory.change(.incoming, by: -countedBody)
        countedBody = 0
    }

    func giveUpMemory() { context?.close(promise: nil) }
    func recountMemory() { countAnswers() }
}
