extension Component {
    /// Waits until the broker has handled everything that was sent before.
    ///
    /// ```swift
    /// try await component.publish("clock", 12)
    /// try await component.flush()
    /// ```
    /// A publication at QoS 0 has no acknowledgement. After this call all of them have reached the broker; it throws
    /// when the broker has refused one. Brokers other than Rembus for Swift do not report refusals. On MQTT servers the
    /// call means only that everything was written to the connection.
    ///
    /// - Parameter timeout: How long to wait; by default `request_timeout`.
    /// - Throws: ``RembusError``: `status(.error)` with the reason when the broker has refused publications;
    ///   `connectionDown` when the connection was lost, and perhaps publications with it; `notConnected`; `timeout`.
    ///   `CancellationError` when the task is cancelled.
    public func flush(timeout: Duration? = nil) async throws {
        guard try await connection.onSession({ $0.takeLoss() }) == false else {
            throw RembusError(
                .connectionDown,
                "The connection to the broker was lost, and publications of QoS 0 perhaps with it. Publish them again, or use "
                    + "QoS 1.")
        }
        let id = connection.ids.next()
        let command = AdminCommand.other(AdminCommand.Name.flush)
        let message = Message.admin(
            .init(id: MessageID(littleEndian: id), topic: ClientSession.configurationTopic, data: command.data))
        // Any answer, even an error, proves that the broker has handled everything that was sent before.
        let reply = try await ask(
            .command(command, topic: ClientSession.configurationTopic), id: id,
            frame: OutgoingFrame(message, encoding: encoding), timeout: timeout)
        guard reply.status == .ok, let report = try? reply.data.value,
            let count = report[AdminCommand.Field.refused]?.intValue, count > 0
        else { return }
        let reason = report[AdminCommand.Field.reason]?.stringValue ?? "It does not say why."
        let what = count == 1 ? "a publication" : "\(count) publications; the first one"
        throw RembusError(.status(.error), "The broker refused \(what): \(reason)")
    }
}

extension ComponentPool {
    /// Waits until every connected broker has handled everything that was sent to it before; see
    /// ``Component/flush(timeout:)``.
    public func flush(timeout: Duration? = nil) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for member in members where member.state.isConnected {
                group.addTask { try await member.flush(timeout: timeout) }
            }
            try await group.waitForAll()
        }
    }
}
