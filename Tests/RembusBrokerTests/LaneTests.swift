import Foundation
import Logging
import NIOCore
import NIOEmbedded
import RembusStore
import RembusTesting
import RembusTransport
import RembusWire
import Synchronization
import Testing

@testable import RembusBroker

/// What event loops have to do with each other: routes that stay valid, and publishers that wait for subscribers elsewhere.
@Suite("Event loops of one broker")
struct LaneTests {
    private let broker = FuzzBroker(.remembering, lanes: 3)

    private func subscribe(_ session: GatewaySession, _ topic: String) {
        #expect(session.subscribe(topic).status == .ok)
        #expect(session.perform(.reactive(true, messageFrom: nil), topic: "").status == .ok)
        session.endWork()
    }

    private func publish(_ session: GatewaySession, _ topic: String) {
        session.receive(.publish(.init(topic: topic, arguments: [1])))
        session.endWork()
        broker.settle()
    }

    // MARK: Back-pressure

    @Test("A congested subscriber holds its publishers on every event loop, and nobody else", arguments: [0, 1, 2])
    func congestion(lane: Int) throws {
        let (subscriber, _) = try broker.open(lane: 1)
        subscribe(subscriber, "t")
        let (publisher, held) = try broker.open(lane: lane)
        let (other, free) = try broker.open(lane: lane)
        publish(publisher, "t")
        #expect(held.isReading)
        subscriber.link.setSinkBacklog(broker.core.configuration.limits.maxBacklogBytes / 2 + 1)
        publish(other, "elsewhere")
        publish(publisher, "t")
        #expect(!held.isReading)
        #expect(free.isReading)
        // It is slowed down, not stopped.
        broker.advance(by: .milliseconds(5))
        #expect(held.isReading)
        subscriber.link.setSinkBacklog(0)
        publish(publisher, "t")
        #expect(held.isReading)
    }

    @Test("Each publisher of a batch is held once")
    func congestionOfSeveral() throws {
        let (subscriber, _) = try broker.open(lane: 2)
        subscribe(subscriber, "t")
        subscriber.link.setSinkBacklog(broker.core.configuration.limits.maxBacklogBytes / 2 + 1)
        let publishers = [try broker.open(lane: 0), try broker.open(lane: 0), try broker.open(lane: 1)]
        // The first two in one unit of work.
        for _ in 0..<2 { for (publisher, _) in publishers { publisher.receive(.publish(.init(topic: "t"))) } }
        publishers[0].session.endWork()
        publishers[2].session.endWork()
        broker.settle()
        #expect(publishers.allSatisfy { !$0.sink.isReading })
        broker.advance(by: .milliseconds(5))
        #expect(publishers.allSatisfy { $0.sink.isReading })
    }

    @Test("Nobody is held for the publication of another, such as the will of a gone client", arguments: [0, 1])
    func congestionOfOthers(lane: Int) throws {
        let (subscriber, _) = try broker.open(lane: 1)
        subscribe(subscriber, "t")
        subscriber.link.setSinkBacklog(broker.core.configuration.limits.maxBacklogBytes / 2 + 1)
        let (client, _) = try broker.open(lane: lane)
        let (other, sink) = try broker.open(lane: lane)
        let host = GatewayHost(core: broker.core, group: ManualLoopGroup(broker.loops), certificates: nil)
        var will = ByteBuffer()
        Message.publish(.init(topic: "t", arguments: [1])).encodeCBOR(into: &will)
        let isTaken = host.publish(will, as: client.identity, on: broker.loops[lane])
        #expect(isTaken)
        broker.settle()
        publish(other, "elsewhere")
        #expect(sink.isReading)
        // It is held for its own.
        publish(other, "t")
        #expect(!sink.isReading)
    }

    // MARK: Components

    @Test("However much changes in a unit of work, a component is written down once at its end")
    func saving() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("lane-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let file = try ComponentFile(folder.appendingPathComponent("components").path, logger: logger)
        let broker = FuzzBroker(.remembering, components: ComponentKeeper(file: file, logger: logger))
        let (session, _) = try broker.open(lane: 0)
        guard case .bound(let state) = broker.core.tables.bind("meter", to: session.session, isProven: false) else {
            Issue.record("nobody else has the name")
            return
        }
        session.session.state = state
        let lane = broker.core.lanes[0]
        for _ in 0..<2 {
            for number in 0..<10 { #expect(session.subscribe("t\(number)").status == .ok) }
            #expect(lane.unsaved.count == 1)
            session.endWork()
            #expect(lane.unsaved.isEmpty)
        }
    }

    // MARK: Routes

    /// What somebody does who comes and goes.
    private enum Visit: CaseIterable {
        case stranger, named, publisher, caller
    }

    private func visit(_ visit: Visit) throws {
        let peer = try broker.connect(lane: 1)
        peer.send(.request(.init(id: .random(), topic: "rid")))
        switch visit {
        case .stranger: break
        case .named: peer.send(.identity(.init(id: .random(), name: "visitor")))
        case .publisher: peer.send(.publish(.init(topic: "t", arguments: [1])))
        case .caller: peer.send(.request(.init(id: .random(), topic: "t")))
        }
        broker.settle()
        _ = try? peer.channel.finish()
        broker.settle()
    }

    @Test("Who comes and goes without a subscription or a method costs no route", arguments: [0, 1, 2, 3])
    func visitors(index: Int) throws {
        let (subscriber, sink) = try broker.open(lane: 0)
        subscribe(subscriber, "t")
        let routes = broker.core.lanes.map { $0.route("t") }
        for _ in 0..<3 { try visit(Visit.allCases[index]) }
        #expect(routes.allSatisfy { !$0.isStale })
        for (lane, route) in zip(broker.core.lanes, routes) { #expect(lane.route("t") === route) }
        // The route still leads where it should.
        let (publisher, _) = try broker.open(lane: 2)
        publish(publisher, "t")
        #expect(sink.topics.last == "t")
    }

    @Test("A subscriber or a provider that goes is in no route any more")
    func leavers() throws {
        let (subscriber, _) = try broker.open(lane: 0)
        subscribe(subscriber, "t")
        var route = broker.core.lanes[2].route("t")
        subscriber.link.sinkEnded(.broken)
        broker.settle()
        #expect(route.isStale)
        #expect(broker.core.lanes[2].route("t").remoteLanes.isEmpty)
        let (provider, _) = try broker.open(lane: 0)
        #expect(provider.perform(.expose, topic: "m").status == .ok)
        #expect(broker.core.lanes[2].route("m").providers.count == 1)
        route = broker.core.lanes[2].route("m")
        provider.link.sinkEnded(.broken)
        broker.settle()
        #expect(route.isStale)
        #expect(broker.core.lanes[2].route("m").providers.isEmpty)
    }

    @Test("A subscription that comes back with its name is in the routes again")
    func returning() throws {
        func come() throws -> InProcessPeer {
            let peer = try broker.connect(lane: 0)
            peer.send(.identity(.init(id: .random(), name: "meter")))
            broker.settle()
            return peer
        }
        let first = try come()
        first.send(.admin(.init(id: .random(), topic: "t", data: AdminCommand.subscribe(messageFrom: 0).data)))
        broker.settle()
        #expect(!broker.core.lanes[2].route("t").remoteLanes.isEmpty)
        _ = try? first.channel.finish()
        broker.settle()
        #expect(broker.core.lanes[2].route("t").remoteLanes.isEmpty)
        _ = try come()
        #expect(!broker.core.lanes[2].route("t").remoteLanes.isEmpty)
    }
}
