import RembusSupport
import RembusSupport
import Synchronization
import Testing

@Suite struct CallbackTests {
    /// In a lock as it is, a closure would be wrapped once more at each call, and two million wrappers overflow the stack.
    @Test func aCallCostsTheSameHoweverManyCameBefore() {
        let callback = Callback<Int>()
        let sum = Mutex(0)
        callback.set { number in sum.withLock { $0 += number } }
        for _ in 0..<2_000_000 { callback(1) }
        #expect(sum.withLock { $0 } == 2_000_000)
    }

    @Test func nobodyIsCalledWhenNobodyIsSet() {
        let callback = Callback<Void>()
        let count = Mutex(0)
        callback()
        callback.set { count.withLock { $0 += 1 } }
        callback()
        callback.set(nil as (@Sendable () -> Void)?)
        callback()
        #expect(count.withLock { $0 } == 1)
    }
}
