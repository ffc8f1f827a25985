import Logging
import NIOCore
import RembusBroker
import RembusListening
import RembusMQTT
import RembusTransport
import RembusWire

/// Both ends of the bridge, on one of the broker's event loops: a session of the broker, and a session with the MQTT
/// broker.
///
/// Each is renewed without the other: the MQTT session outlives its connections, and messages from MQTT wait while the
/// broker's session is replaced.
final class BridgeSession {
    let host: GatewayHost
    let eventLoop: any EventLoop
    let target: MQTTBridgeURL
    let filters: [String]
    let maxQueue: Int
    let mqtt = MQTTClientSession()
    /// The connection to the MQTT broker; nil while there is none.
    var connection: MQTTClientConnection?
    /// The broker's session; nil while it is logging in.
    var session: GatewaySession?
    /// The broker's session, also while it is logging in.
    private(set) var opened: GatewaySession?

    /// Deliveries of the broker that wait for the MQTT broker's acknowledgement, by the token of their publication.
    var outward: [UInt64: OutwardDelivery] = [:]
    var lastToken: UInt64 = 0
    /// Distinguishes deliveries to this session from those to earlier ones.
    var sessionNumber = 0
    /// Deliveries that are acknowledged when the broker is not sending.
    var settled: [MessageID] = []
    /// Messages of the MQTT broker that wait for the broker's acknowledgement, by the id of their publication.
    var inward: [UInt64: InwardMessage] = [:]
    var lastInward = UInt64.random(in: 0...UInt64.max)
    var frame = ByteBuffer()
    var payload = ByteBuffer()
    /// Recognises messages that the server sends back, for servers that cannot be told not to.
    var echoes = MQTTEchoFilter()
    var warnings: BridgeWarnings

    private var dialer: MQTTDialer
    private var version = MQTTVersion.v5
    private var attempt = 0
    private var lastProblem: String?
    private var hasDialed = false
    private var isStopping = false
    private var retryTask: Scheduled<Void>?
    private var end: EventLoopPromise<Void>?

    init(host: GatewayHost, eventLoop: any EventLoop, dialer: MQTTDialer, target: MQTTBridgeURL, filters: [String]) {
        self.host = host
        self.eventLoop = eventLoop
        self.dialer = dialer
        self.target = target
        self.filters = filters
        maxQueue = max(host.configuration.gateways.maxBridgeQueue, 1)
        warnings = BridgeWarnings(logger: host.logger)
    }

    func start() {
        openSession()
        tick()
    }

    private func tick() {
        retryTask = eventLoop.assumeIsolated().scheduleTask(in: .seconds(1)) {
            self.retryInward()
            self.tick()
        }
    }

    // MARK: The connection to the MQTT broker

    private func dial() {
        guard !isStopping else { return }
        let (eventLoop, dialer, version) = (eventLoop, dialer, version)
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        Task {
            do throws(MQTTClientFailure) {
                let (_, facts) = try await dialer.connect(on: eventLoop, first: version) { options, version, answer in
                    MQTTClientConnection(
                        session: bound.value.mqtt, options: options, version: version, delegate: bound.value,
                        answer: answer)
                }
                eventLoop.execute { bound.value.connected(facts) }
            } catch {
                eventLoop.execute { bound.value.failed(error) }
            }
        }
    }

    private func connected(_ facts: MQTTServerFacts) {
        attempt = 0
        version = facts.version
        // From now on the MQTT broker keeps messages while there is no connection.
        dialer.options.cleanStart = false
    }

    /// There is no connection. Logs that once, and tries again without end.
    func failed(_ failure: MQTTClientFailure) {
        guard !isStopping else { return }
        version = .v5
        if lastProblem != failure.description {
            lastProblem = failure.description
            host.logger.warning("no connection to the MQTT broker \(target): \(failure); trying again")
        }
        attempt += 1
        let longest = min(15_000, 100 << min(attempt, 12))
        eventLoop.assumeIsolated().scheduleTask(in: .milliseconds(.random(in: 50...Int64(longest)))) { self.dial() }
    }

    func noteAccepted(_ facts: MQTTServerFacts) {
        lastProblem = nil
        let version = facts.version == .v5 ? "MQTT 5" : "MQTT 3.1.1"
        host.logger.notice("bridged with the MQTT broker \(target), \(version)")
    }

    // MARK: The session of the broker

    func openSession() {
        guard !isStopping, opened == nil else { return }
        sessionNumber += 1
        let facts = ConnectionFacts(.bridge, isSecure: target.isSecure)
        guard let made = host.makeSession(on: eventLoop, address: target.description, facts: facts, sink: self) else {
            return
        }
        opened = made
        made.retransmits = false
        made.limitInFlight(to: maxQueue)
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        let number = sessionNumber
        guard let name = target.clientID else {
            made.admitGuest()
            return attach(number)
        }
        made.logIn(.init(name: name, isProven: true, takesOver: true)) { result in
            let bridge = bound.value
            if case .failure(let failure) = result {
                bridge.host.logger.warning("the bridge stays without the name of its URL: \(failure)")
                bridge.opened?.admitGuest()
            }
            bridge.attach(number)
        }
    }

    /// Subscribes to everything, and publishes the messages that the last session did not accept.
    private func attach(_ number: Int) {
        guard let session = opened, number == sessionNumber else { return }
        self.session = session
        session.setAnswerSink(self)
        session.setDeliverySink(self)
        session.beginWork()
        let outcome = session.subscribe("**")
        if outcome.status != .ok { host.logger.error("the bridge cannot subscribe: \(outcome.data)") }
        _ = session.perform(.reactive(true, messageFrom: nil), topic: "__config__")
        session.endWork()
        retryInward(all: true)
        // Messages of the MQTT broker can be accepted now.
        if !hasDialed { dial() }
        hasDialed = true
    }

    /// The broker has closed the session.
    func sessionEnded(_ reason: LinkCloseReason) {
        session = nil
        opened = nil
        settled.removeAll()
        guard !isStopping else { return leave() }
        host.logger.warning("the broker closed the session of the MQTT bridge: \(reason)")
        eventLoop.assumeIsolated().scheduleTask(in: .seconds(1)) { self.openSession() }
    }

    // MARK: The end

    func prepareToStop() {
        isStopping = true
        retryTask?.cancel()
    }

    /// Stops the bridge. The future completes when all publications are written, or after a short time.
    func stop() -> EventLoopFuture<Void> {
        prepareToStop()
        if let end { return end.futureResult }
        let end = eventLoop.makePromise(of: Void.self)
        self.end = end
        if let opened {
            session = nil
            self.opened = nil
            opened.close()
        }
        leave()
        return end.futureResult
    }

    private func leave() {
        guard let connection else { return finish() }
        connection.disconnect(forgettingSession: target.clientID == nil)
        connection.flush()
    }

    func finish() {
        connection = nil
        if isStopping { end?.succeed() }
    }
}
