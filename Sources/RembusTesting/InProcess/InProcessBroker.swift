public import Foundation
public import Logging
package import NIOCore
import NIOEmbedded
public import RembusBroker

/// A complete broker in this process, without sockets and threads. The test controls what happens, and in which order.
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
/// A message of a peer is handled, with all its consequences, before the call that sends it returns. Time stands still:
/// time-outs, repetitions and replay windows are tested with ``advance(by:)`` instead of waiting. Publications and
/// names are kept in memory.
///
/// The broker and its peers are used on the thread that made them: in a test function that is not `async`.
public final class InProcessBroker {
    /// The configuration of the broker.
    public let configuration: BrokerConfiguration
    package let broker: UnthreadedBroker
    package let loops: [ManualLoop]
    private let clock: ManualClock
    private var connections = 0
    /// The time since names that may be forgotten were last looked at.
    private var sinceForgetting = TimeAmount.zero

    /// Makes a broker, which runs at once.
    ///
    /// - Parameters:
    ///   - date: The time of day at the start.
    ///   - logger: The logger of the broker; by default it discards everything.
    ///   - adjust: Changes the configuration. `threads` is the number of event loops, 1 by default. They share nothing,
    ///     as in a broker with threads, but take turns. `pingInterval` is zero by default, because peers that a test
    ///     does not read answer no pings. Ports, files and keys are not used.
    ///
    /// Throws ``BrokerError`` when the configuration asks for something that a broker in memory lacks.
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
            // This ends the loop at once, and drops what is still scheduled.
            loop.embedded.shutdownGracefully(queue: .global()) { _ in }
        }
    }

    /// The number of open connections.
    public var connectionCount: Int { broker.connectionCount }

    /// The events of the broker from now on. The sequence ends with the broker.
    ///
    /// - Parameter limit: The most events that wait for a slow reader.
    public func events(limit: Int = 1000) -> BrokerEvents { broker.events(limit: limit) }

    /// Connects a peer, and logs it in with `name` unless that is nil.
    ///
    /// - Parameters:
    ///   - encoding: The encoding of its messages, and so of those that it gets.
    ///   - loop: The index of its event loop; with nil each loop in turn.
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

    /// Moves the clock, and does everything that becomes due meanwhile, in order of time.
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

    /// Does everything that is due on every event loop, including what one loop gives to another. Peers call this when
    /// they send.
    package func settle() {
        // Tasks that add tasks for ever would be an error in the broker, which must not hang a test.
        for _ in 0..<10_000 {
            var hadWork = false
            for loop in loops { hadWork = loop.run() || hadWork }
            if !hadWork { return }
        }
    }

    /// Ends the broker. Every peer is disconnected with close code 1001.
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
