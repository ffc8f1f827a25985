import Logging
import NIOConcurrencyHelpers
import NIOCore
import NIOEmbedded
import RembusListening
import RembusStore
import RembusTransport
import RembusTrust

@testable import RembusBroker

/// What kind of broker is fed.
enum FuzzSetting: String, CaseIterable {
    /// Nothing of a component outlives its connection: every table must be empty at the end.
    case forgetful
    /// Components come back to their state.
    case remembering
    /// Nobody can prove anything: only the handshake is open.
    case authenticated

    var maxOfflineComponents: Int { self == .remembering ? 30 : 0 }
}

/// A whole broker without sockets or threads: connections are embedded channels, time passes when the test says so.
final class FuzzBroker {
    let core: BrokerCore
    let loops: [FuzzLoop]
    /// Every link that there was, to see that none stays.
    private var links: [WeakLink] = []

    private struct WeakLink {
        weak var link: Link?
    }

    init(
        _ setting: FuzzSetting, lanes: Int = 2, store: (any Store)? = nil, components: ComponentKeeper? = nil,
        logger: Logger = Logger(label: "fuzz", factory: { _ in SwiftLogNoOpLogHandler() }),
        storeBytes: Int = 1 << 20, figures: @escaping @Sendable () -> StorageFigures = { StorageFigures() }
    ) {
        loops = (0..<lanes).map { _ in FuzzLoop() }
        var configuration = BrokerConfiguration()
        configuration.limits.maxMessageBytes = 256 << 10
        configuration.limits.maxSubscriptions = 50
        configuration.limits.maxExposed = 50
        configuration.limits.maxPendingCalls = 100
        configuration.limits.maxInFlight = 100
        configuration.limits.maxBacklogBytes = 64 << 10
        configuration.limits.maxDuplicateIDs = 500
        configuration.limits.maxOfflineComponents = setting.maxOfflineComponents
        configuration.security.isAuthenticated = setting == .authenticated
        configuration.requestTimeout = .milliseconds(50)
        configuration.ackTimeout = .milliseconds(40)
        configuration.sendRetries = 3
        configuration.storeBytes = storeBytes
        let hasDisk = store != nil
        let store = store ?? MemoryStore(partitions: loops.count, limit: configuration.storeBytes)
        var storage = BrokerStorage(store: store, isRecorded: { _ in hasDisk }, components: components)
        storage.figures = figures
        let trust = BrokerTrust(store: TrustStore(logger: logger))
        core = BrokerCore(configuration: configuration, logger: logger, storage: storage, trust: trust)
        core.makeLanes(on: FuzzLoopGroup(loops))
        for lane in core.lanes { lane.start() }
    }

    func connect(lane index: Int) throws -> FuzzPeer {
        let channel = EmbeddedChannel(loop: loops[index].embedded)
        let link = core.lanes[index].accept(channel, LinkConfiguration(core.configuration), ConnectionFacts())
        try channel.pipeline.syncOperations.addHandler(link)
        channel.connect(to: try SocketAddress(ipAddress: "127.0.0.1", port: 1), promise: nil)
        if links.count > 10_000 { links.removeAll { $0.link == nil } }
        links.append(WeakLink(link: link))
        return FuzzPeer(channel: channel, lane: index)
    }

    /// Does what is due on every loop, and what that brought to the others.
    func settle() {
        for _ in 0..<3 { loops.forEach { $0.run() } }
    }

    func advance(by amount: TimeAmount) {
        loops.forEach { $0.advance(by: amount) }
        settle()
    }

    // MARK: What routes lead to

    /// The topics of routes that are in use and do not lead where the tables say.
    var wrongRoutes: [String] {
        let tables = core.tables
        return tables.lock.withLock {
            var wrong: [String] = []
            tables.liveRoutes.forEach { route in
                let fresh = tables.resolve(route.topic, hash: route.hash, lane: route.lane)
                if route.isStale || Self.content(of: route) != Self.content(of: fresh) { wrong.append(route.topic) }
            }
            return wrong
        }
    }

    private struct RouteContent: Equatable {
        var subscribers: Set<[ObjectIdentifier]>
        var providers: [[ObjectIdentifier]]
        var hasHandler: Bool
        var destinations: [ObjectIdentifier]
        var isGuarded: Bool
    }

    private static func content(of route: Route) -> RouteContent {
        RouteContent(
            subscribers: Set(
                route.subscribers.map {
                    [ObjectIdentifier($0.session), ObjectIdentifier($0.subscription), ObjectIdentifier($0.state)]
                }),
            providers: route.providers.map { provider in
                [ObjectIdentifier(provider.state)] + (provider.session.map { [ObjectIdentifier($0)] } ?? [])
            }, hasHandler: route.handler != nil, destinations: route.destinations.map { ObjectIdentifier($0) },
            isGuarded: route.rules != nil)
    }

    // MARK: What is left

    var linkCount: Int { links.count { $0.link != nil } }

    var sessionCount: Int { core.lanes.reduce(0) { $0 + $1.sessions.count } }

    /// How many elements every table of the broker has, by the name of the property; tables that are added count too.
    var tableSizes: [String: Int] {
        var sizes: [String: Int] = [:]
        for (label, value) in Mirror(reflecting: core.tables).children {
            guard let label else { continue }
            let mirror = Mirror(reflecting: value)
            switch mirror.displayStyle {
            case .dictionary, .collection, .set: sizes[label] = mirror.children.count
            default:
                // The index of patterns knows its count.
                if let count = mirror.children.first(where: { $0.label == "count" })?.value as? Int {
                    sizes[label] = count
                }
            }
        }
        return sizes
    }
}
