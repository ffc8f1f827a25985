package import NIOCore
import RembusTransport

/// One connection to an MQTT server: its bytes, its keep-alive and its end. The messages are in the session.
///
/// Used on its channel's event loop only. Packets are collected, and ``flush()`` writes them.
package final class MQTTClientConnection: ChannelInboundHandler {
    package typealias InboundIn = ByteBuffer
    package typealias OutboundOut = ByteBuffer

    enum State: Equatable {
        case connecting, open, closing, closed
    }

    package let session: MQTTClientSession
    let options: MQTTClientOptions
    let version: MQTTVersion
    /// A strong reference until the connection ends, so that owner and connection live equally long.
    private(set) var delegate: (any MQTTClientDelegate)?
    /// Completed with the server's answer to the CONNECT, or the reason why there was none.
    let answer: EventLoopPromise<MQTTServerFacts>
    private var reader: MQTTPacketReader
    var output = ByteBuffer()
    private(set) var context: ChannelHandlerContext?
    var state = State.connecting
    private var wantsReading = true
    private var isReading = true
    private var isInRead = false
    private var keepAliveTask: Scheduled<Void>?
    private(set) var closeTask: Scheduled<Void>?
    private var wroteSinceTick = false
    private var heardSinceTick = true
    var awaitsPong = false

    package init(
        session: MQTTClientSession, options: MQTTClientOptions, version: MQTTVersion,
        delegate: any MQTTClientDelegate, answer: EventLoopPromise<MQTTServerFacts>
    ) {
        self.session = session
        self.options = options
        self.version = version
        self.delegate = delegate
        self.answer = answer
        reader = MQTTPacketReader(maxPacketBytes: options.maxPacketBytes, version: version)
    }

    package var isOpen: Bool { state == .open }

    // MARK: Use

    package func publish(_ publish: MQTTPublish, token: UInt64? = nil) {
        session.publish(publish, token: token, into: &output)
    }

    package func acknowledge(_ receipt: MQTTReceipt) {
        session.acknowledge(receipt, into: &output)
        updateReading()
    }

    /// `identifier` is passed back with the messages of the subscriptions, if the server supports identifiers.
    package func subscribe(_ subscriptions: [MQTTSubscription], identifier: Int? = nil, token: UInt64) -> Bool {
        session.subscribe(subscriptions, identifier: identifier, token: token, into: &output)
    }

    package func unsubscribe(_ filters: [String], token: UInt64) -> Bool {
        session.unsubscribe(filters, token: token, into: &output)
    }

    /// Writes what was collected. While packets are being read, this happens at the end of the read.
    package func flush() {
        guard !isInRead else { return }
        writeOut()
        reportOutcomes()
    }

    /// Sets whether messages are read from the server.
    package func setReading(_ isReading: Bool) {
        wantsReading = isReading
        updateReading()
    }

    /// Disconnects when everything that was published is written. The server keeps the session as agreed, or ends it
    /// now.
    package func disconnect(forgettingSession: Bool = false) {
        guard state == .open else { return end(MQTTClientFailure(.closed, "closed")) }
        state = .closing
        endsSession = forgettingSession
        setReading(true)
        closeTask = context?.eventLoop.assumeIsolated().scheduleTask(in: .seconds(2)) { self.sayGoodbye() }
        finishIfDone()
    }

    private var endsSession = false

    private func finishIfDone() {
        guard state == .closing, session.waitingCount == 0 else { return }
        sayGoodbye()
    }

    private func sayGoodbye() {
        guard state == .closing else { return }
        var properties = MQTTProperties()
        if endsSession, options.sessionExpiry > 0 { properties.sessionExpiry = 0 }
        MQTTPacket.disconnect(reason: .success, properties: properties).encode(version: version, into: &output)
        end(MQTTClientFailure(.closed, "closed"))
    }

    // MARK: Channel

    package func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        if context.channel.isActive { introduce() }
    }

    package func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        end(MQTTClientFailure(.unreachable, "no connection to the MQTT server"))
    }

    package func channelActive(context: ChannelHandlerContext) {
        introduce()
        context.fireChannelActive()
    }

    private func introduce() {
        MQTTPacket.connect(options.connect(version)).encode(version: version, into: &output)
        closeTask = context?.eventLoop.assumeIsolated().scheduleTask(in: options.timeout) {
            guard self.state == .connecting else { return }
            self.end(MQTTClientFailure(.unreachable, "the MQTT server did not answer in time"))
        }
        writeOut()
    }

    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard state != .closed else { return }
        heardSinceTick = true
        var bytes = unwrapInboundIn(data)
        reader.feed(&bytes)
        isInRead = true
        do throws(MQTTProtocolError) {
            while state != .closed, let frame = try reader.nextFrame() { try handle(frame) }
        } catch {
            violated(error)
        }
        isInRead = false
    }

    package func channelReadComplete(context: ChannelHandlerContext) {
        if state == .open { delegate?.mqttReadCompleted(self) }
        updateReading()
        writeOut()
        reportOutcomes()
        finishIfDone()
    }

    package func channelWritabilityChanged(context: ChannelHandlerContext) {
        session.isBlocked = !context.channel.isWritable
        guard !session.isBlocked else { return }
        heardSinceTick = true
        session.pump(into: &output)
        writeOut()
        reportOutcomes()
        if state == .open { delegate?.mqttAdvanced(self) }
        finishIfDone()
    }

    package func channelInactive(context: ChannelHandlerContext) {
        end(
            state == .connecting
                ? MQTTClientFailure(
                    .unanswered, "the MQTT server hung up instead of an answer; \(NetworkProblem.wrongPort)")
                : MQTTClientFailure(.unreachable, "the connection to the MQTT server was lost"))
    }

    package func errorCaught(context: ChannelHandlerContext, error: any Error) {
        end(MQTTClientFailure(.unreachable, "the connection to the MQTT server broke: \(NetworkProblem(error).reason)"))
    }

    // MARK: Writing

    private func writeOut() {
        guard let context else { return }
        while output.readableBytes > 0 {
            wroteSinceTick = true
            let bytes = output
            // A new buffer, because the channel keeps the old one until it is written.
            output = ByteBuffer()
            context.writeAndFlush(wrapOutboundOut(bytes), promise: nil)
            // Publications for which there was no room in this write.
            if session.waitingCount > 0, state != .connecting { session.pump(into: &output) }
        }
    }

    private func reportOutcomes() {
        let outcomes = session.takeOutcomes()
        for outcome in outcomes { delegate?.mqtt(self, published: outcome) }
        if !outcomes.isEmpty, state == .open { delegate?.mqttAdvanced(self) }
    }

    private func updateReading() {
        // MQTT 3.1.1 servers have no limit on unacknowledged messages, so reading stops at ours.
        let reads = wantsReading && session.unacknowledgedCount <= Int(options.receiveMaximum)
        guard reads != isReading, let context else { return }
        isReading = reads
        try? context.channel.syncOptions?.setOption(.autoRead, value: reads)
        // While nothing is read, silence is no sign of a lost server.
        heardSinceTick = true
    }

    // MARK: Life

    func scheduleKeepAlive(_ seconds: UInt16) {
        guard seconds > 0, let context else { return }
        let interval = TimeAmount.milliseconds(Int64(seconds) * 500)
        keepAliveTask = context.eventLoop.assumeIsolated().scheduleTask(in: interval) { self.tick(seconds) }
    }

    /// Called twice per keep-alive. Sends a ping when nothing else was sent, and ends the connection when nothing was
    /// received for a whole interval.
    private func tick(_ seconds: UInt16) {
        guard state == .open || state == .closing else { return }
        if heardSinceTick { awaitsPong = false }
        if awaitsPong, isReading, silentTicks >= 2 {
            return end(MQTTClientFailure(.unreachable, "the MQTT server gives no sign of life"))
        }
        silentTicks = awaitsPong ? silentTicks + 1 : 0
        if !wroteSinceTick || !heardSinceTick, !awaitsPong {
            MQTTPacket.pingreq.encode(version: version, into: &output)
            awaitsPong = true
            silentTicks = 1
        }
        (wroteSinceTick, heardSinceTick) = (false, false)
        writeOut()
        // The ping itself is no reason to leave out the next one.
        wroteSinceTick = false
        scheduleKeepAlive(seconds)
    }

    private var silentTicks = 0

    func end(_ failure: MQTTClientFailure) {
        guard state != .closed else { return }
        let wasAccepted = state != .connecting
        state = .closed
        keepAliveTask?.cancel()
        closeTask?.cancel()
        writeOut()
        let delegate = delegate
        self.delegate = nil
        if wasAccepted {
            for answer in session.end() { delegate?.mqtt(self, answered: answer) }
            for outcome in session.takeOutcomes() { delegate?.mqtt(self, published: outcome) }
            delegate?.mqtt(self, ended: failure)
        } else {
            answer.fail(failure)
        }
        context?.close(promise: nil)
    }
}
