public import Foundation
public import Logging
package import NIOCore
import NIOEmbedded
public import RembusBroker

/// A whole broker in this process, without sockets and threads: tests decide what happens next, and when.
///
/// ```swift
/// let broker = try InProcessBroker()
/// let meter = try broker.connect("meter")
/// let display = try broker.connect("display")
/// try display.subscribe("plant/*")
/// try display.startDeliveries()
/// try meter.publish("plant/7", 21.5)
/// let publication = try display.nextPublication()
/// #expect(publication.topic == "plant/*")
/// #expect(publication.arguments == ["plant/7", 21.5])
/// ```
///
/// What a peer sends is handled, with everything that follows from it, before the call returns. Time stands still: time-outs,
/// repetitions and replay windows are tested with ``advance(by:)``, without waiting. Publications and names are kept in memory.
///
/// Used on the thread that made it, with its peers: in a test function that is not `async`.
public final class InProcessBroker {
    /// What the broker was told.
    public let configuration: BrokerConfiguration
    package let broker: UnthreadedBroker
    package let loops: [ManualLoop]
    private let clock: ManualClock
    private var connections = 0
    /// Time since names were looked at that may be forgotten.
    private var sinceForgetting = TimeAmount.zero

    /// Makes a broker, which runs at once.
    ///
    /// - Parameters:
    ///   - date: The time of day at the beginning.
    ///   - logger: Where the broker writes its log; without one, nowhere.
    ///   - adjust: Changes the configuration. `threads` is how many event loops there are, 1 unless it says otherwise; they
    ///     share nothing, as in a broker with threads, but take turns. `pingInterval` is zero unless it says otherwise: peers
    ///     that a test does not look at answer no pings. Ports, files and keys are not used.
    ///
    /// Throws ``BrokerError`` when the configuration asks for what a broker in memory does not do.
    public convenience init(
        at date: Date = .now, logger: Logger = Logger(label: "broker") { _ in SwiftLogNoOpLogHandler() },
        _ adjust: (inout BrokerConfiguration) -> Void = { _ in }
    ) throws {
        var configuration = BrokerConfiguration()
        configuration.threads = 1
        configuration.pingInterval = .zero
        adjust(&configuration)
        try self.init(configuration, at: date) { clock, group in
            try UnthreadedBroker(configuration: configuration, logger: logger, clock: clock, on: group)
        }
    }

    package init(
        _ configuration: BrokerConfiguration, at date: Date = .now,
        make: (BrokerClock, any EventLoopGroup) throws -> UnthreadedBroker
    ) rethrows {
        self.configuration = configuration
        loops = (0..<max(1, configuration.threads)).map { _ in ManualLoop() }
        clock = ManualClock(at: date)
        broker = try make(clock.clock, ManualLoopGroup(loops))
    }

    deinit {
        broker.end()
        for loop in loops {
            // Ends at once, and with it what is still planned.
            loop.embedded.shutdownGracefully(queue: .global()) { _ in }
        }
    }

    /// How many connections are open.
    public var connectionCount: Int { broker.connectionCount }

    /// What happens on the broker from now on; the stream ends with the broker.
    ///
    /// - Parameter limit: How many events wait at most for a reader that is slower.
    public func events(limit: Int = 1000) -> BrokerEvents { broker.events(limit: limit) }

    /// Connects a peer, and gives it a name unless that is nil.
    ///
    /// - Parameters:
    ///   - encoding: What it sends, and therefore gets.
    ///   - loop: The index of the event loop it is on; nil for each in turn.
    ///
    /// Throws ``TestingError`` when the name is refused.
    public func connect(
        _ name: String? = nil, encoding: PeerEncoding = .cbor, onLoop loop: Int? = nil
    ) throws -> InProcessPeer {
        let index = loop ?? connections % loops.count
        connections += 1
        let channel = EmbeddedChannel(loop: loops[index].embedded)
        let link = try broker.accept(channel, onLoop: index)
        channel.connect(to: try SocketAddress(ipAddress: "127.0.0.1", port: 1), promise: nil)
        let peer = InProcessPeer(self, channel, link: link, encoding: encoding, loop: index)
        if let name { try peer.takeName(name) }
        return peer
    }

    /// Moves the clock, and does everything that becomes due on the way, in its order.
    public func advance(by duration: Duration) { advance(by: TimeAmount(duration)) }

    package func advance(by amount: TimeAmount) {
        var rest = amount
        while rest > .zero {
            let step = min(rest, broker.tickInterval)
            rest = rest - step
            clock.advance(by: step)
            for loop in loops { loop.advance(by: step) }
            settle()
            sinceForgetting = sinceForgetting + step
            guard sinceForgetting >= .seconds(1) else { continue }
            sinceForgetting = .zero
            broker.forgetExpiredNames()
        }
    }

    /// Does what is due on every event loop, and what that brought to the others. Peers call it when they send.
    package func settle() {
        // Work that gives itself new work for ever is a mistake of the broker, which must not hang a test.
        for _ in 0..<10_000 {
            var hadWork = false
            for loop in loops { hadWork = loop.run() || hadWork }
            if !hadWork { return }
        }
    }

    /// Ends the broker: every peer is told goodbye with close code 1001.
    public func shutDown() {
        broker.close()
        settle()
    }
}

/// The form in which a peer writes messages.
public enum PeerEncoding: Sendable, CaseIterable {
    /// CBOR in binary frames.
    case cbor
    /// JSON as Rembus for Python writes it.
    case json
    /// JSON as Rembus.jl writes it.
    case julia
}
