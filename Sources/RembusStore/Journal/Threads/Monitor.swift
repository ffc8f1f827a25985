#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif
import RembusSupport

/// A lock with a state and a condition to wait for. Its time-outs are independent of changes of the wall clock.
///
/// `state` is used under the mutex only; the two C objects are never moved. Hence unchecked.
final class Monitor<State>: @unchecked Sendable {
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    @exclusivity(unchecked) private var state: State
    private var waiting = 0

    init(_ state: State) {
        self.state = state
        pthread_mutex_init(mutex, nil)
        #if canImport(Darwin)
        pthread_cond_init(condition, nil)
        #else
        var attributes = pthread_condattr_t()
        pthread_condattr_init(&attributes)
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        pthread_cond_init(condition, &attributes)
        pthread_condattr_destroy(&attributes)
        #endif
    }

    deinit {
        pthread_cond_destroy(condition)
        pthread_mutex_destroy(mutex)
        condition.deallocate()
        mutex.deallocate()
    }

    /// Changes the state and wakes the waiting threads; makes no system call when no thread waits.
    @discardableResult
    func change<Result>(_ body: (inout State) -> Result) -> Result {
        pthread_mutex_lock(mutex)
        let result = body(&state)
        let someoneWaits = waiting > 0
        pthread_mutex_unlock(mutex)
        if someoneWaits { pthread_cond_broadcast(condition) }
        return result
    }

    /// Waits until `isDone` holds, at most until `deadline` (``MonotonicClock.nanoseconds()``; nil: for ever), then lets `body`
    /// change the state.
    @discardableResult
    func wait<Result>(
        until deadline: UInt64?, _ isDone: (State) -> Bool, then body: (inout State) -> Result
    ) -> Result {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while !isDone(state) {
            waiting += 1
            defer { waiting -= 1 }
            guard let deadline else {
                pthread_cond_wait(condition, mutex)
                continue
            }
            let now = MonotonicClock.nanoseconds()
            guard now < deadline else { break }
            #if canImport(Darwin)
            var time = timespec(nanoseconds: deadline - now)
            pthread_cond_timedwait_relative_np(condition, mutex, &time)
            #else
            var time = timespec(nanoseconds: deadline)
            pthread_cond_timedwait(condition, mutex, &time)
            #endif
        }
        return body(&state)
    }
}

extension timespec {
    fileprivate init(nanoseconds: UInt64) {
        self.init(tv_sec: Int(nanoseconds / 1_000_000_000), tv_nsec: Int(nanoseconds % 1_000_000_000))
    }
}
