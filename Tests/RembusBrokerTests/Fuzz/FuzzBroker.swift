import Logging
import NIOConcurrencyHelpers
import NIOCore
import RembusListening
import RembusStore
import RembusTesting
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

/// A broker with small limits, and a look at everything in it.
final class FuzzBroker {
    let inProcess: InProcessBroker
    var core: BrokerCore { inProcess.broker.core }
    var loops: [ManualLoop] { inProcess.loops }
    /// Every link that there was, to see that none stays.
    private var links: [WeakLink] = []

    private struct WeakLink {
        weak var link: AnyObject?
    }

    init(
        _ setting: FuzzSetting, lanes: Int = 2, store: (any Store)? = nil, components: ComponentKeeper? = nil,
        logger: Logger = Logger(label: "fuzz", factory: { _ in SwiftLogNoOpLogHandler() }),
        storeBytes: Int = 1 << 20, lastValues: [String] = [],
        figures: @escaping @Sendable () -> StorageFigures = { StorageFigures() }
    ) {
        var configuration = BrokerConfiguration()
        configuration.threads = lanes
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
        configuration.storage.lastValues = lastValues
        let hasDisk = store != nil
        let store = store ?? MemoryStore(partitions: lanes, limit: configuration.storeBytes)
        var storage = BrokerStorage(store: store, isRecorded: { _ in hasDisk }, components: components)
        storage.figures = figures
        let trust = BrokerTrust(store: TrustStore(logger: logger))
        inProcess = InProcessBroker(configuration) { [configuration, storage] clock, group in
            UnthreadedBroker(
                configuration: configuration, logger: logger, storage: storage, trust: trust, clock: clock,
                namespaces: [.filters], on: group)
        }
    }

    func connect(lane index: Int) throws -> InProcessPeer {
        let peer = try inProcess.connect(onLoop: index)
        if links.count > 10_000 { links.removeAll { $0.link == nil } }
        links.append(WeakLink(link: peer.link))
        return peer
    }

    /// Does what is due on every loop, and what that brought to the others.
    func settle() { inProcess.settle() }

    func advance(by amount: TimeAmount) { inProcess.advance(by: amount) }

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
