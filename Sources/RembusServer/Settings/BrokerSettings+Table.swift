import RembusBroker
import RembusWire

extension BrokerSettings {
    /// One setting, as the reference documentation shows it.
    package struct Row {
        package var key: String
        package var variable: String
        package var standard: String
        package var meaning: String
    }

    /// All settings with their defaults, in the order in which they are read.
    package static var table: [Row] {
        let standard = BrokerConfiguration()
        return keys.map {
            Row(
                key: $0.name, variable: $0.variable ?? "", standard: $0.read(standard).jsonText,
                meaning: meanings[$0.name] ?? "")
        }
    }

    private static let meanings = ownMeanings.merging(securityMeanings) { first, _ in first }
        .merging(storageMeanings) { first, _ in first }
        .merging(gatewayMeanings) { first, _ in first }
        .merging(nameMeanings) { first, _ in first }

    private static let ownMeanings = [
        "name": "the broker's name, the answer of `rid`, and the folder of its state",
        "host": "the address to listen on",
        "log_level": "how much is logged: `trace`, `debug`, `info`, `notice`, `warning`, `error`, `critical`",
        "port":
            "the WebSocket port, or `unix:` and the path of a Unix socket; 0 lets the system choose; every listener takes the same",
        "socket_mode": "rights on the files of Unix sockets, octal",
        "policy": "how calls are spread over providers: `first_up`, `round_robin`, `less_busy`",
        "overwrite_connection": "a new connection replaces an older one of the same name",
        "server": "answer for own handlers only; relay nothing",
        "request_timeout":
            "seconds a provider may take to answer a call whose caller sets no time-out, and a component to log in",
        "max_request_timeout": "seconds that a caller's own time-out may have at most; a longer one is cut to it",
        "ack_timeout": "seconds without an acknowledgement before a QoS 1 or 2 delivery is sent again",
        "send_retries": "how often a delivery is sent again",
        "ws_ping_interval": "seconds between WebSocket pings; two unanswered ones end a connection, 0 sends none",
        "handshake_timeout": "seconds a connection may take for the WebSocket handshake",
        "drain_timeout":
            "seconds a shutdown waits for calls and exchanges at QoS 1 and 2 to finish, and for queued messages to leave",
        "log_format": "how the log is written: `text`, or `json` for an object per line",
        "threads": "event loop threads, at most 64; 0 means one per core less one",
        "memory_limit":
            "bytes of memory that the process keeps to, for example 512MiB; 0 for half of what the machine or its control"
            + " group has, 2 GiB at most",
        "store_bytes":
            "bytes of memory for the newest publications, which replay and slow subscribers read; 0 keeps none",
        "max_ws_frame": "largest message, bytes; a larger one ends its connection with code 1009",
        "max_topic_bytes": "longest topic, bytes",
        "max_topic_segments": "segments of a topic at most, that is slashes plus one",
        "max_name_bytes": "longest component name, bytes",
        "max_calls": "calls of one connection that wait for an answer; more are answered with status 10",
        "max_connections": "connections in all; more are closed at once",
        "max_connections_per_address": "connections from one address, for IPv6 from one /64 network",
        "handshakes_per_second": "new connections per second, in all",
        "slow_consumer":
            "a subscriber whose connection is full: `catch_up` reads on from the store, where the oldest is dropped first;"
            + " `disconnect` ends it",
        "max_subscriptions": "subscriptions of one connection",
        "max_exposed": "exposed methods of one connection",
        "max_pending_calls": "calls that wait for one provider; more are answered with status 43",
        "max_in_flight": "unacknowledged QoS 1 and 2 deliveries to one component; more wait in the store",
        "max_in_flight_bytes":
            "bytes of unacknowledged QoS 1 and 2 deliveries to one component; more wait in the store",
        "max_backlog_bytes": "outgoing bytes queued for one connection; what comes on top waits in the store",
    ]
}
