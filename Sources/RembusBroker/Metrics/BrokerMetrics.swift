package import RembusMetrics

/// The names and meanings of the broker's metrics. `docs/metrics.md` has the same table.
package enum BrokerMetrics {
    // Names of the reference (behaviour.md §18).
    static let published = "broker_pub"
    static let callTime = "broker_rpc"
    static let compatibleConnections = "broker_websocket_connections"

    static let connections = "rembus_connections"
    static let accepted = "rembus_connections_accepted_total"
    static let refused = "rembus_connections_refused_total"
    static let sessions = "rembus_sessions"
    static let subscriptions = "rembus_subscriptions"
    static let routing = "rembus_routing_seconds"
    static let calls = "rembus_rpc_total"
    static let acknowledged = "rembus_deliveries_acknowledged_total"
    static let retransmitted = "rembus_deliveries_retransmitted_total"
    static let unacknowledged = "rembus_deliveries_unacknowledged_total"
    static let inFlight = "rembus_deliveries_in_flight"
    static let backlog = "rembus_send_backlog_bytes"
    static let memory = "rembus_memory_bytes"
    static let memoryLimit = "rembus_memory_limit_bytes"
    static let memoryEvictions = "rembus_memory_closed_connections_total"
    static let fellBehind = "rembus_subscriptions_fell_behind_total"
    static let slowConsumers = "rembus_slow_consumers_disconnected_total"
    static let dropped = "rembus_dropped_total"
    static let replayLost = "rembus_replay_lost_bytes_total"
    static let denied = "rembus_denied_total"
    static let failedLogins = "rembus_failed_logins_total"
    static let malformed = "rembus_malformed_total"
    static let auditDropped = "rembus_audit_dropped_total"
    static let certificateExpiry = "rembus_tls_certificate_expiry_timestamp_seconds"
    static let reloadFailures = "rembus_reload_failures_total"
    static let reloadFailed = "rembus_reload_failed"
    static let rememberedNames = "rembus_remembered_names"
    static let rememberedBytes = "rembus_remembered_bytes"
    static let forgottenNames = "rembus_forgotten_names_total"
    static let refusedRegistrations = "rembus_registrations_refused_total"
    static let build = "rembus_build_info"
    static let links = "rembus_links"
    static let linkReceived = "rembus_link_received_total"
    static let linkDropped = "rembus_link_dropped_total"
    static let linkSent = "rembus_link_sent_total"
    static let ready = "rembus_ready"
    static let unready = "rembus_unready"

    static func traffic(_ figure: TrafficCount.Figure) -> String {
        switch figure {
        case .receivedMessages: "rembus_messages_received_total"
        case .receivedBytes: "rembus_message_received_bytes_total"
        case .sentMessages: "rembus_messages_sent_total"
        case .sentBytes: "rembus_message_sent_bytes_total"
        }
    }

    /// Ten microseconds to a second: a burst of small messages takes tens of microseconds.
    static let routingBuckets = [
        0.00001, 0.000025, 0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1,
    ]
    /// A quarter of a millisecond to the usual time-out of calls.
    static let callBuckets = [0.00025, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

    /// The descriptions for a Prometheus registry.
    package static let descriptions: [MetricDescription] = [
        // Untyped, because the name of a counter would have to end in `_total`.
        MetricDescription(published, .untyped, "Accepted publications by topic, as a counter."),
        MetricDescription(
            callTime, .histogram,
            "Seconds between forwarding a request to its provider and the provider's answer, by topic.",
            buckets: callBuckets),
        MetricDescription(compatibleConnections, .gauge, "Open connections of every transport."),
        MetricDescription(connections, .gauge, "Open connections by transport."),
        MetricDescription(accepted, .counter, "Connections that were opened, by transport."),
        MetricDescription(refused, .counter, "Connections turned away before they were open, by reason."),
        MetricDescription(sessions, .gauge, "Open sessions: of components with a name, and of anonymous ones."),
        MetricDescription(subscriptions, .gauge, "Subscriptions of connected components."),
        MetricDescription(
            traffic(.receivedMessages), .counter, "Messages received, by transport, type and, for publications, QoS."),
        MetricDescription(
            traffic(.receivedBytes), .counter,
            "Bytes of the messages received, without framing, by transport, type and QoS."),
        MetricDescription(
            traffic(.sentMessages), .counter, "Messages sent, by transport, type and, for publications, QoS."),
        MetricDescription(
            traffic(.sentBytes), .counter, "Bytes of the messages sent, without framing, by transport, type and QoS."),
        MetricDescription(
            routing, .histogram,
            "Seconds from the first publication of a read to the moment when all that the read caused was handed to sockets.",
            buckets: routingBuckets),
        MetricDescription(calls, .counter, "Calls answered, by the status that the caller got."),
        MetricDescription(acknowledged, .counter, "Deliveries at QoS 1 and 2 that subscribers acknowledged."),
        MetricDescription(retransmitted, .counter, "Deliveries at QoS 1 and 2 that were sent again."),
        MetricDescription(
            unacknowledged, .counter, "Deliveries at QoS 1 and 2 that nobody acknowledged after all retries."),
        MetricDescription(
            inFlight, .gauge, "Deliveries to connected components that wait for an acknowledgement."),
        MetricDescription(backlog, .gauge, "Bytes that wait because peers do not read them fast enough."),
        MetricDescription(
            memory, .gauge,
            "Bytes held for connections, by kind: outgoing, answers (HTTP), unacknowledged, incoming, replay, retained."
        ),
        MetricDescription(
            memoryLimit, .gauge,
            "Bytes at most: of the whole process (part=process), and what connections may hold of them now (part=connections)."
        ),
        MetricDescription(
            memoryEvictions, .counter, "Connections closed because memory was short and they took nothing."),
        MetricDescription(
            fellBehind, .counter, "How often a subscriber could not take a publication and went on from the store."),
        MetricDescription(slowConsumers, .counter, "Connections closed because they did not take what was delivered."),
        MetricDescription(dropped, .counter, "Messages dropped, by reason."),
        MetricDescription(
            replayLost, .counter, "Bytes of the log that subscribers wanted when they were no longer kept."),
        MetricDescription(denied, .counter, "Messages and commands that the rules refused."),
        MetricDescription(failedLogins, .counter, "Proofs of identity that were none."),
        MetricDescription(malformed, .counter, "Connections closed for what they sent, and malformed messages."),
        MetricDescription(links, .gauge, "Links to other brokers, by state: connected, resting, down."),
        MetricDescription(linkReceived, .counter, "Publications that other brokers have sent."),
        MetricDescription(
            linkDropped, .counter,
            "Publications of other brokers that were not taken: they had come by another way, or nobody may have them."),
        MetricDescription(linkSent, .counter, "Publications that were sent to other brokers."),
        MetricDescription(auditDropped, .counter, "Lines that the audit log lost."),
        MetricDescription(
            certificateExpiry, .gauge, "When the first of the certificates in use ends, in seconds since 1970."),
        MetricDescription(
            reloadFailures, .counter,
            "How often settings, certificates or rules that were replaced on the disk could not be used, by part."),
        MetricDescription(
            reloadFailed, .gauge,
            "1 while the broker goes on with older settings, certificates or rules than those on the disk, by part."),
        MetricDescription(ready, .gauge, "1 while the broker takes requests, as `/readyz` says; 0 when it does not."),
        MetricDescription(unready, .gauge, "1 for each reason why the broker is not ready, else 0."),
        MetricDescription(
            rememberedNames, .gauge,
            "Names that are remembered while nobody is connected with them, by whether they were proven."),
        MetricDescription(
            rememberedBytes, .gauge,
            "Bytes that subscriptions, exposed methods and remembered names take, by whether they were proven."),
        MetricDescription(
            forgottenNames, .counter,
            "Names that were forgotten: expired, to make room for others, or never remembered for want of room."),
        MetricDescription(
            refusedRegistrations, .counter,
            "Subscriptions, methods and MQTT sessions that were refused because there was no room."),
        MetricDescription(build, .gauge, "1, with the version as a label."),
    ]
}
