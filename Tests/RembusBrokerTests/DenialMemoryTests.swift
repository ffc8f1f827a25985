import NIOCore
import Testing

@testable import RembusBroker

@Suite struct DenialMemoryTests {
    private let start = NIODeadline.now()

    @Test("a refusal is written down once, and those of a connection are not without end")
    func bound() {
        var memory = DenialMemory()
        #expect(memory.isNew([nil, nil, "a b"], isShared: false, now: start))
        #expect(!memory.isNew([nil, nil, "a b"], isShared: false, now: start))
        // Parts do not run into each other.
        #expect(memory.isNew([nil, "a", "b"], isShared: false, now: start))
        for number in 0..<62 { #expect(memory.isNew([nil, nil, "\(number)"], isShared: false, now: start)) }
        #expect(!memory.isNew([nil, nil, "more"], isShared: false, now: start))
        #expect(!memory.isNew([nil, nil, "more"], isShared: false, now: start + .hours(1)))
    }

    @Test("where many share a connection, what one has tried hides the others for a minute at most")
    func shared() {
        var memory = DenialMemory()
        for number in 0..<64 { #expect(memory.isNew(["192.0.2.1", nil, "\(number)"], isShared: true, now: start)) }
        #expect(!memory.isNew(["192.0.2.2", nil, "x"], isShared: true, now: start + .seconds(59)))
        #expect(memory.isNew(["192.0.2.2", nil, "x"], isShared: true, now: start + .seconds(60)))
        #expect(!memory.isNew(["192.0.2.2", nil, "x"], isShared: true, now: start + .seconds(61)))
    }
}
