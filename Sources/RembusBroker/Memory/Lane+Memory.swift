import Logging
import NIOCore
import RembusTransport
import Synchronization

/// What the connections of a lane hold of the memory that all share.
extension Lane {
    /// Ends connections that hold most and take nothing, when all hold too much together, and goes on with what waits for room.
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
