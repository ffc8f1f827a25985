import NIOCore
import Testing

@testable import RembusBroker

@Suite struct DenialMemoryTests {
    private let start = NIODeadline.now()

    @Test("a refusal is written down once, and those of a connection are not without end")
    func bound() {
        var memory = DenialMemory()
        func isNew(_ parts: [String?], now: NIODeadline) -> Bool { memory.isNew(parts, isShared: false, now: now) }
        #expect(isNew([nil, nil, "a b"], now: start))
        #expect(!isNew([nil, nil, "a b"], now: start))
        // Parts do not run into each other.
        #expect(isNew([nil, "a", "b"], now: start))
        for number in 0..<62 { #expect(isNew([nil, nil, "\(number)"], now: start)) }
        #expect(!isNew([nil, nil, "more"], now: start))
        #expect(!isNew([nil, nil, "more"], now: start + .hours(1)))
    }

    @Test("where many share a connection, what one has tried hides the others for a minute at most")
    func shared() {
        var memory = DenialMemory()
        func isNew(_ parts: [String?], now: NIODeadline) -> Bool { memory.isNew(parts, isShared: true, now: now) }
        for number in 0..<64 { #expect(isNew(["192.0.2.1", nil, "\(number)"], now: start)) }
        #expect(!isNew(["192.0.2.2", nil, "x"], now: start + .seconds(59)))
        #expect(isNew(["192.0.2.2", nil, "x"], now: start + .seconds(60)))
        #expect(!isNew(["192.0.2.2", nil, "x"], now: start + .seconds(61)))
    }
}
