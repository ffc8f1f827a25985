import Logging
import NIOCore
import RembusStore
import RembusTransport
import RembusTrust
import RembusWire
import Synchronization

/// Last values: publications of this connection become last values, and its subscriptions can start with them.
extension Session {
    // MARK: Publishing

    /// Publishes along a route after updating the last value of its topic. This is separate from the path of all other
    /// publications, so that they pay nothing for it.
    func keepAndPass(
        _ header: FrameHeader, _ bytes: UnsafeRawBufferPointer, owner: ByteBuffer?, along route: Route
    ) -> PublishOutcome {
        // What another broker replays is older than what is kept.
        guard origin?.past == nil else {
            return pass(header, bytes, owner: owner, along: route, receivedAt: lane.nextReceiveTime())
        }
        // Which brokers it has come by is no part of the value.
        let isTraced = MeshTrailer(bytes, behind: header.end) != nil
        let kept = isTraced ? UnsafeRawBufferPointer(rebasing: bytes[..<header.end]) : bytes
        switch keepLast(kept, along: route) {
        case .failure(let refusal): return .refused(refusal)
        case .success(let (route, change)):
            let outcome = pass(header, bytes, owner: owner, along: route, receivedAt: change.times.publication)
            if outcome == .noRoom { core.lastValues.undo(change) }
            return outcome
        }
    }

    /// Makes a publication the last value of its topic. A subscription that was added after the route was resolved may
    /// have read the values already, so the publication must reach it live. The route is therefore resolved again when
    /// it is stale.
    private func keepLast(
        _ bytes: UnsafeRawBufferPointer, along first: Route
    ) -> Result<(Route, LastValues.Change), PublishRefusal> {
        var route = first
        let intent = gateway.lastValueIntent ?? .keep(expiry: nil)
        // Routes may become stale as fast as they are resolved, so the number of attempts is limited.
        var attempts = 0
        while true {
            attempts += 1
            let change = core.lastValues.update(
                lastValueSlot(of: route), intent, bytes, partition: lane.index,
                keepsOld: gateway.lastValueIntent != nil,
                isStale: { route.isStale && attempts < 4 },
                times: { (lane.freshReceiveTime(), lane.nextReceiveTime()) })
            if let change {
                route.lastValue = (change.slot, tenant)
                if !change.isKept { noteNoRoom(forLastOf: route.topic) }
                return .success((route, change))
            }
            var topic = route.topic
            switch topic.withUTF8({ resolve(UnsafeRawBufferPointer($0)) }) {
            case .success(let fresh): route = fresh
            case .failure(let refusal): return .failure(refusal)
            }
        }
    }

    /// Updates the last value for a copy of a publication that was accepted before, because the first update may not be
    /// on the disk yet.
    func keepAgain(_ header: FrameHeader, _ bytes: UnsafeRawBufferPointer) {
        guard case .success(let route) = resolve(header.topicBytes(in: bytes)) else { return }
        _ = keepLast(bytes, along: route)
    }

    private func lastValueSlot(of route: Route) -> LastValues.Slot {
        if let (slot, owner) = route.lastValue, owner == tenant { return slot }
        return core.lastValues.slot(of: route.topic, tenant: principal.tenant)
    }

    private func noteNoRoom(forLastOf topic: String) {
        core.counters.dropped.wrappingAdd(1, ordering: .relaxed)
        guard gateway.lastValueIntent == nil else {
            return core.logger.warning(
                "a retained message from \(label) was not kept: there is no room for more", metadata: facts)
        }
        guard let line = lane.refusalLog.take(lane.now) else { return }
        let others = line.skipped > 0 ? "; \(line.skipped) more lines were not logged" : ""
        core.logger.warning(
            "the last value of \(topic) was not kept: there is no room for more, max_retained_bytes says how much\(others)",
            metadata: facts)
    }

    // MARK: Subscribing

    /// The last values that a subscription is still to get.
    struct OpenLastValues {
        let subscription: Subscription
        /// The values that were found and not sent yet, oldest first. `marks` says up to where the subscription has
        /// everything with them.
        var rest: ArraySlice<LastValue> = []
        var marks: [UInt64] = []
        /// The receive time of the value that was sent, by topic.
        var sent: [ExactText: UInt64] = [:]
    }

    /// Starts a subscription with the last values of its topics, which ``continueLastValues()`` sends. Nothing else is
    /// delivered before them.
    func openLastValues(of subscription: Subscription) {
        subscription.wantsLastValues = false
        subscription.mode = .beginning
        guard !past.lastValues.contains(where: { $0.subscription === subscription }) else { return }
        past.lastValues.append(OpenLastValues(subscription: subscription))
    }

    /// Sends as many last values as the connection takes now.
    func continueLastValues() {
        guard !past.lastValues.isEmpty, isReactive, !isClosed else { return }
        while let open = past.lastValues.first {
            let subscription = open.subscription
            guard state.subscriptions[ExactText(subscription.topic)] === subscription else {
                past.lastValues.removeFirst()
                continue
            }
            let wasFull = !open.rest.isEmpty
            if !wasFull { findLastValues() }
            guard sendFoundValues() else { return lane.watch(self) }
            // Values that were replaced while the connection was full have come neither here nor live, so the values
            // are looked up again.
            if wasFull { continue }
            subscription.skip(to: past.lastValues[0].marks)
            subscription.mode = .live
            past.lastValues.removeFirst()
        }
    }

    private func findLastValues() {
        let (values, marks) = core.lastValues.snapshot(
            of: past.lastValues[0].subscription, tenant: principal.tenant, partitions: core.store.partitionCount)
        let sent = past.lastValues[0].sent
        past.lastValues[0].rest = values.filter { sent[ExactText($0.topic)] != $0.message.receivedAt }[...]
        past.lastValues[0].marks = marks
    }

    /// Sends the values that were found. Returns false when the connection takes no more.
    private func sendFoundValues() -> Bool {
        let subscription = past.lastValues[0].subscription
        while let value = past.lastValues[0].rest.first {
            if may(.subscribe, value.topic) {
                guard !link.isCongested, send(value.message, to: subscription) else { return false }
                past.lastValues[0].sent[ExactText(value.topic)] = value.message.receivedAt
            }
            past.lastValues[0].rest.removeFirst()
        }
        return true
    }

    /// Sends a kept message as a delivery of its own. Returns false when the connection takes no more now.
    func send(_ message: KeptMessage, to subscription: Subscription) -> Bool {
        let retained = RetainedPublication(header: message.header, buffer: message.frame, memory: lane.memory.kept)
        return sendAgain(retained, receivedAt: message.receivedAt, subscription)
    }
}
