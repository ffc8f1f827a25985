import Testing

@testable import RembusBroker

/// How the memory of a broker is divided.
@Suite("The memory limit")
struct MemoryPlanTests {
    private static let gibibyte = 1 << 30

    private func plan(_ available: Int, hasLake: Bool = true, _ change: (inout BrokerConfiguration) -> Void = { _ in })
        -> MemoryPlan
    {
        var configuration = BrokerConfiguration()
        change(&configuration)
        return MemoryPlan(configuration, hasLake: hasLake, availableBytes: available)
    }

    @Test("Without a setting it is half of what there is, two gibibytes at most")
    func standard() {
        #expect(plan(24 * Self.gibibyte).limit == 2 * Self.gibibyte)
        #expect(plan(1 * Self.gibibyte).limit == 512 << 20)
        #expect(plan(100 << 20).limit == MemoryPlan.smallestLimit)
    }

    @Test("Whoever gives DuckDB or the store more, gets more", arguments: [3, 8])
    func larger(size: Int) {
        #expect(plan(256 << 30) { $0.storage.lakeMemoryBytes = size << 30 }.lake == size << 30)
        #expect(plan(256 << 30) { $0.storeBytes = size << 30 }.store == size << 30)
    }

    @Test("The parts do not come to more than the whole", arguments: [192, 256, 512, 1024, 2048, 8192])
    func parts(mebibytes: Int) {
        for hasLake in [true, false] {
            let plan = plan(64 << 30, hasLake: hasLake) { $0.memoryLimit = mebibytes << 20 }
            #expect(plan.limit == mebibytes << 20)
            #expect(plan.lake + plan.store + plan.connections <= plan.limit)
            #expect(plan.connections >= plan.limit / 8)
            #expect(plan.retained <= plan.connections / 2)
        }
    }

    @Test("Settings that are cut are named")
    func cuts() {
        var configuration = BrokerConfiguration()
        configuration.memoryLimit = 512 << 20
        let plan = MemoryPlan(configuration, availableBytes: 64 << 30)
        let cuts = plan.cuts(of: configuration, hasLake: true)
        #expect(cuts.first == "lake_memory_bytes is 268435456 instead of 1073741824")
        #expect(cuts.count == 1)
    }

    @Test("The system says what it has")
    func system() {
        #expect(SystemMemory.bytes > 64 << 20)
        #expect((SystemMemory.residentBytes ?? .max) > 1 << 20)
    }
}
