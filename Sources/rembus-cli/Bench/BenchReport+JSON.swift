import RembusWire

extension BenchReport {
    /// All figures as one JSON object. Times are in microseconds unless their name says otherwise.
    var json: String {
        var members: [(String, Value)] = [
            ("mode", .text(plan.mode.rawValue)),
            ("url", .text("\(plan.url)")),
            ("secs", Self.rounded(seconds)),
            ("ops", .integer(Int64(operations))),
            ("ops_s", Self.rounded(operationsPerSecond)),
            ("lost", .integer(Int64(lost))),
        ]
        if plan.mode == .idle {
            members.append(("open_s", Self.rounded(operationsPerSecond)))
            if let bytesPerConnection { members.append(("bytes_per_connection", Self.rounded(bytesPerConnection))) }
        } else {
            members += trafficMembers
        }
        members.append(("client_cpu_s", Self.rounded(ownCPUSeconds)))
        members += brokerMembers
        return Value.map(ValueMap(uniqueKeysWithValues: members)).jsonText
    }

    private var trafficMembers: [(String, Value)] {
        var members: [(String, Value)] = [("size", .integer(Int64(plan.size))), ("errors", .integer(Int64(errors)))]
        if plan.mode == .rpc || plan.mode.qos > 0 { members.append(("inflight", .integer(Int64(plan.inFlight)))) }
        if plan.mode != .rpc {
            members += [
                ("subs", .integer(Int64(plan.subscribers))),
                ("delivered", .integer(Int64(delivered))),
                ("delivered_s", Self.rounded(deliveriesPerSecond)),
                ("bad_order", .integer(Int64(disordered))),
                ("repeated", .integer(Int64(repeated))),
            ]
        }
        if let rate = plan.rate { members.append(("rate", Self.rounded(rate))) }
        if let latency, latency.count > 0 {
            let figures: [(String, Double)] = [
                ("min", latency.minimum), ("p50", latency.percentile(50)), ("p90", latency.percentile(90)),
                ("p99", latency.percentile(99)), ("p999", latency.percentile(99.9)), ("max", latency.maximum),
            ]
            members.append(
                ("lat_us", .map(ValueMap(uniqueKeysWithValues: figures.map { ($0.0, Self.rounded($0.1)) }))))
        }
        return members
    }

    private var brokerMembers: [(String, Value)] {
        guard let broker else { return [] }
        var members: [(String, Value)] = [
            ("srv_cores", Self.rounded(broker.seconds > 0 ? broker.cpuSeconds / broker.seconds : 0)),
            ("srv_rss_peak_mb", Self.rounded(Double(broker.peakResidentBytes) / 1048576)),
        ]
        if plan.mode != .idle, let cpuPerOperation {
            members.append(("srv_cpu_us_per_op", Self.rounded(cpuPerOperation)))
        }
        if let cpuPerDelivery { members.append(("srv_cpu_us_per_delivery", Self.rounded(cpuPerDelivery))) }
        return members
    }

    /// More than four decimal places would not be significant.
    private static func rounded(_ number: Double) -> Value {
        let scaled = (number * 10000).rounded() / 10000
        return Int64(exactly: scaled).map(Value.integer) ?? .float(scaled)
    }
}
