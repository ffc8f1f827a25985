import Logging
import NIOCore
import RembusTransport
import Synchronization

/// The part of the shared memory that the connections of a lane hold.
extension Lane {
    /// When all connections together hold too much, ends those that hold most and read nothing. Then continues with
    /// work that waits for memory.
    func relieveMemory() {
        let ended = memory.look()
        if ended > 0 {
            core.counters.memoryEvictions.wrappingAdd(ended, ordering: .relaxed)
            let held = core.memory
            core.logger.warning(
                "memory is short: \(held.used >> 20) MiB are held for connections, of \(held.limit >> 20); \(ended) that took nothing were closed"
            )
        }
        guard services.isWaiting else { return }
        beginBurst()
        services.proceed(now: now)
        endBurst()
    }
}
