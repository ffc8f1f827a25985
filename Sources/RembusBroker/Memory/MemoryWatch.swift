import Dispatch
import RembusTransport

/// Adjusts the connections' share of the memory to what the process really takes, because DuckDB, sessions, names and
/// what the allocator does not give back are not counted one by one.
///
/// Its timer is set up once and cancelled once, under ``BrokerLifecycle``. Everything else happens on its queue; hence
/// unchecked.
final class MemoryWatch: @unchecked Sendable {
    private let budget: MemoryBudget
    private let limit: Int
    private let queue = DispatchQueue(label: "rembus.memory", qos: .utility)
    private let timer: any DispatchSourceTimer
    private var lastReturn = DispatchTime.now()

    private static let interval = DispatchTimeInterval.milliseconds(50)
    /// The pause between returns of memory to the system, in seconds. A return walks through all memory, so it is more
    /// frequent only while there is little left.
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
