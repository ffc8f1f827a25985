import Dispatch
import RembusTransport

/// Holds the connections' share of the memory against what the process really takes: DuckDB, sessions and names, and what an
/// allocator does not give back are not counted one by one.
///
/// Its timer is set up once and cancelled once, under ``BrokerLifecycle``; the rest happens on its queue, hence unchecked.
final class MemoryWatch: @unchecked Sendable {
    private let budget: MemoryBudget
    private let limit: Int
    private let queue = DispatchQueue(label: "rembus.memory", qos: .utility)
    private let timer: any DispatchSourceTimer
    private var lastReturn = DispatchTime.now()

    private static let interval = DispatchTimeInterval.milliseconds(50)
    /// Giving memory back walks through all of it: it is done more often only while there is little left, in seconds.
    private static let pauseBetweenReturns = 2.0
    private static let shortPauseBetweenReturns = 0.2

    init(budget: MemoryBudget, limit: Int) {
        self.budget = budget
        self.limit = limit
        timer = DispatchSource.makeTimerSource(queue: queue)
    }

    func start() {
        timer.schedule(deadline: .now() + Self.interval, repeating: Self.interval, leeway: .milliseconds(10))
        timer.setEventHandler { [weak self] in self?.look() }
        timer.activate()
    }

    deinit {
        // A timer that was never activated must not be released.
        timer.activate()
        timer.cancel()
    }

    func stop() { timer.cancel() }

    private func look() {
        guard var resident = SystemMemory.residentBytes else { return }
        if resident > limit / 4 * 3, mayGiveBack(isShort: resident > limit / 10 * 9) {
            SystemMemory.giveBack()
            resident = SystemMemory.residentBytes ?? resident
        }
        budget.adapt(residentBytes: resident, processLimit: limit)
    }

    private func mayGiveBack(isShort: Bool) -> Bool {
        let now = DispatchTime.now()
        let pause = Double(now.uptimeNanoseconds - lastReturn.uptimeNanoseconds) / 1e9
        guard pause >= (isShort ? Self.shortPauseBetweenReturns : Self.pauseBetweenReturns) else { return false }
        lastReturn = now
        return true
    }
}
