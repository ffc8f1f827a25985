import RembusBroker
import RembusListening

/// The least number of file descriptors that a broker needs. With fewer it would fail later, with errors that do not
/// name the cause.
struct DescriptorNeeds {
    /// Those of the broker itself: standard streams, event loops, journal, state, tables, one per listener.
    let own: Int
    /// Those that are reserved for files which queries, maintenance and administration open.
    let reserve: Int
    /// Those for connections. A broker without any would be of no use.
    let connections = 8

    var total: Int { own + reserve + connections }

    init(_ configuration: BrokerConfiguration) {
        let gateways = configuration.gateways
        // Each event loop waits on three descriptors, and has a segment of the journal.
        var own = 20 + 4 * configuration.eventLoopCount
        let hasMQTT = gateways.mqttPort != nil || gateways.mqttSocket != nil
        let listeners = [
            configuration.tcpPort != nil || configuration.tcpSocket != nil,
            gateways.httpPort != nil || gateways.httpSocket != nil,
            gateways.prometheusPort != nil || gateways.prometheusSocket != nil, hasMQTT,
        ]
        own += listeners.count { $0 }
        if gateways.zmqPort != nil || gateways.zmqSocket != nil { own += 12 }
        if hasMQTT { own += 2 }
        if gateways.mqttBridge != nil { own += 1 }
        self.own = own
        reserve = Descriptors.reserve(ofLimit: 0)
    }

    /// Throws ``BrokerError`` when the process may not open as many.
    func check(limit: Int) throws {
        guard limit < total else { return }
        throw BrokerError(
            "this process may have \(limit) files and sockets open, and a broker with these settings needs at least \(total): "
                + "\(own) of its own, \(reserve) for files that come and go, \(connections) for connections; "
                + "raise the limit with `ulimit -n 1024`, or LimitNOFILE= in the unit of systemd")
    }
}
