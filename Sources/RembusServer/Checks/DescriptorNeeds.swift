import RembusBroker
import RembusListening

/// How many files and sockets a broker needs at least; with fewer it would fail later, and in ways that say nothing.
struct DescriptorNeeds {
    /// Its own: standard streams, event loops, journal, state, tables, one per listener.
    let own: Int
    /// Kept for the files that queries, maintenance and administration open.
    let reserve: Int
    /// For connections, without which a broker is of no use.
    let connections = 8

    var total: Int { own + reserve + connections }

    init(_ configuration: BrokerConfiguration) {
        let gateways = configuration.gateways
        // An event loop waits on three, and has a segment of the journal.
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

    /// Throws ```BrokerError``` when the process may not have as many.
    func check(limit: Int) throws {
        guard limit < total else { return }
        throw BrokerError(
            "this process may have \(limit) files and sockets open, and a broker with these settings needs at least \(total): "
                + "\(own) of its own, \(reserve) for files that come and go, \(connections) for connections; "
                + "raise the limit with `ulimit -n 1024`, or LimitNOFILE= in the unit of systemd")
    }
}
