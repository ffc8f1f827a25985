import NIOConcurrencyHelpers
import RembusWire
import Testing

@testable import RembusBroker

/// What brokers tell each other, without brokers.
@Suite("Interests of linked brokers")
struct MeshTableTests {
    private let topic = MeshInterest(.subscription, "a/b")
    private let one = MeshLinkID.next()
    private let other = MeshLinkID.next()

    /// A table that an expectation may change.
    private final class Box {
        var table = MeshTable(own: 1)
    }

    private func box(links: [(MeshLinkID, UInt64, Bool)] = []) -> Box {
        let box = Box()
        for (id, broker, tellsPaths) in links {
            _ = box.table.join(.init(id: id, broker: broker, tellsPaths: tellsPaths))
        }
        return box
    }

    @Test("A link is told when the first component wants a topic and when the last one does not any more")
    func counted() {
        let box = box(links: [(one, 2, true)])
        #expect(box.table.change(topic, by: 1) == [.tell(one, topic, path: [1], messageFrom: 0)])
        #expect(box.table.change(topic, by: 1) == [])
        #expect(box.table.change(topic, by: -1) == [])
        #expect(box.table.change(topic, by: -1) == [.untell(one, topic, path: [1])])
    }

    @Test("A link that comes later is told everything")
    func later() {
        let box = box()
        _ = box.table.change(topic, by: 1)
        let method = MeshInterest(.method, "m")
        _ = box.table.change(method, by: 2)
        let actions = box.table.join(.init(id: one, broker: 2, tellsPaths: true))
        #expect(
            actions == [
                .tell(one, topic, path: [1], messageFrom: 0), .tell(one, method, path: [1], messageFrom: 0),
            ])
    }

    @Test("What a link says is used, and told to the others with its path, never back")
    func passedOn() {
        let box = box(links: [(one, 2, true), (other, 3, true)])
        #expect(
            box.table.hear(topic, from: one, path: [9, 2], messageFrom: 5)
                == [.attach(one, topic), .tell(other, topic, path: [9, 2, 1], messageFrom: 5)])
        #expect(
            box.table.forget(topic, from: one, origin: 9)
                == [.detach(one, topic), .untell(other, topic, path: [9, 2, 1])])
    }

    @Test("What has been here before is not taken")
    func returned() {
        let box = box(links: [(one, 2, true)])
        #expect(box.table.hear(topic, from: one, path: [1, 2]) == [])
        #expect(box.table.hear(topic, from: one, path: [5, 1, 2]) == [])
        #expect(!box.table.hasHeard(topic, from: one))
    }

    @Test("A path that leads round a circle takes the place of the one that did not")
    func turned() {
        let box = box(links: [(one, 2, true)])
        _ = box.table.hear(topic, from: one, path: [5, 2])
        #expect(box.table.hear(topic, from: one, path: [5, 1, 2]) == [.detach(one, topic)])
    }

    @Test("Of two paths to one origin the shorter is used, and the other when it is gone")
    func best() {
        let box = box(links: [(one, 2, true), (other, 3, true)])
        _ = box.table.hear(topic, from: one, path: [9, 2])
        #expect(box.table.hear(topic, from: other, path: [9, 8, 3]) == [])
        let actions = box.table.forget(topic, from: one, origin: 9)
        #expect(actions.contains(.attach(other, topic)) && actions.contains(.detach(one, topic)))
    }

    @Test("Several origins behind one link are one use of it")
    func origins() {
        let box = box(links: [(one, 2, true)])
        #expect(box.table.hear(topic, from: one, path: [2]) == [.attach(one, topic)])
        #expect(box.table.hear(topic, from: one, path: [7, 2]) == [])
        #expect(box.table.forget(topic, from: one, origin: 2) == [])
        #expect(box.table.forget(topic, from: one, origin: 7) == [.detach(one, topic)])
    }

    @Test("A broker of another implementation is told one thing for all origins")
    func collapsed() {
        let box = box(links: [(one, 2, true), (other, 3, false)])
        #expect(box.table.change(topic, by: 1).contains(.tell(other, topic, path: [1], messageFrom: 0)))
        #expect(!box.table.hear(topic, from: one, path: [9, 2]).contains { $0.link == other })
        #expect(!box.table.change(topic, by: -1).contains { $0.link == other })
        #expect(box.table.forget(topic, from: one, origin: 9).contains(.untell(other, topic, path: [1])))
    }

    @Test("A link that goes takes with it what it has said")
    func gone() {
        let box = box(links: [(one, 2, true), (other, 3, true)])
        _ = box.table.hear(topic, from: one, path: [2])
        #expect(box.table.leave(one) == [.untell(other, topic, path: [2, 1])])
        #expect(box.table.leave(one) == [])
    }

    @Test("Who may not know of an interest is not told, until it may")
    func rights() {
        let isAllowed = NIOLockedValueBox(false)
        let box = Box()
        _ = box.table.join(.init(id: one, broker: 2, tellsPaths: true) { _ in isAllowed.withLockedValue { $0 } })
        #expect(box.table.change(topic, by: 1) == [])
        isAllowed.withLockedValue { $0 = true }
        #expect(box.table.reviewAll() == [.tell(one, topic, path: [1], messageFrom: 0)])
        isAllowed.withLockedValue { $0 = false }
        #expect(box.table.reviewAll() == [.untell(one, topic, path: [1])])
    }

    @Test("That somebody wants more of the past is told, that nobody does any more is not")
    func past() {
        let box = box(links: [(one, 2, true)])
        _ = box.table.change(topic, by: 1)
        #expect(
            box.table.change(topic, by: 1, messageFrom: .infinity)
                == [.tell(one, topic, path: [1], messageFrom: .infinity)])
        #expect(box.table.change(topic, by: -1) == [])
        #expect(box.table.change(topic, by: 1, messageFrom: 10) == [])
    }

    @Test("A link tells of a bounded number of origins; one that withdraws makes room")
    func boundedOrigins() {
        let box = box(links: [(one, 2, true), (other, 3, true)])
        for origin in 0..<UInt64(MeshTable.maxOrigins) {
            _ = box.table.hear(topic, from: one, path: [100 + origin, 2])
        }
        #expect(box.table.hear(topic, from: one, path: [99, 2]) == [])
        #expect(box.table.forget(topic, from: one, origin: 100) == [.untell(other, topic, path: [100, 2, 1])])
        #expect(
            box.table.hear(topic, from: one, path: [99, 2]) == [.tell(other, topic, path: [99, 2, 1], messageFrom: 0)])
    }

    @Test("An interest that has come too far goes no further")
    func distance() {
        let box = box(links: [(one, 2, true), (other, 3, true)])
        let path = (0..<UInt64(MeshTable.maxPathLength)).map { 100 + $0 }
        #expect(box.table.hear(topic, from: one, path: path) == [.attach(one, topic)])
    }
}
