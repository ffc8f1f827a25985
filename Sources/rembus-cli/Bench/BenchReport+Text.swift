import Foundation

extension BenchReport {
    /// The figures in readable form, with a line for each kind.
    var text: String {
        (plan.mode == .idle ? idleLines : trafficLines).map { $0.0.padding(to: 12) + $0.1 }.joined(separator: "\n")
    }

    private var idleLines: [(String, String)] {
        var lines = [
            (
                "connections",
                "\(operations) in \(Self.fixed(seconds, 2)) s, \(lost) lost while idle for \(Self.fixed(plan.seconds, 1)) s"
            )
        ]
        if let bytesPerConnection {
            lines.append(("broker", "\(Self.fixed(bytesPerConnection / 1024, 2)) KiB of memory for each connection"))
        }
        return lines + brokerLine
    }

    private var trafficLines: [(String, String)] {
        var lines: [(String, String)] = []
        let unit = plan.mode == .rpc ? "calls/s" : "msg/s"
        let total = "\(Self.grouped(Double(operations))) in \(Self.fixed(seconds, 2)) s"
        lines.append(
            (plan.mode == .rpc ? "answered" : "published", "\(Self.grouped(operationsPerSecond)) \(unit)  (\(total))"))
        if plan.mode != .rpc, plan.subscribers > 0 {
            let bytes = deliveriesPerSecond * Double(plan.size) / 1048576
            lines.append(("delivered", "\(Self.grouped(deliveriesPerSecond)) msg/s  (\(Self.fixed(bytes, 1)) MiB/s)"))
        }
        var problems = "\(lost) lost"
        if plan.mode != .rpc { problems += ", \(disordered) out of order, \(repeated) repeated" }
        if errors > 0 { problems += ", \(errors) \(plan.mode == .rpc ? "wrong answers" : "without acknowledgement")" }
        lines.append(("complete", (isComplete ? "yes: " : "NO: ") + problems))
        if let latency, latency.count > 0 {
            let figures =
                [("min", latency.minimum)]
                + [("p50", 50), ("p99", 99), ("p99.9", 99.9)].map {
                    ($0.0, latency.percentile($0.1))
                } + [("max", latency.maximum)]
            lines.append(
                (
                    "latency µs",
                    figures.map { "\($0.0) \(Self.fixed($0.1, 1))" }.joined(separator: "  ")
                        + "  (\(latencyMeaning))"
                ))
        }
        return lines + brokerLine
    }

    private var brokerLine: [(String, String)] {
        guard let broker else { return [] }
        var parts: [String] = []
        if let cpuPerDelivery {
            parts.append("\(Self.fixed(cpuPerDelivery, 3)) µs of CPU per delivery")
        } else if plan.mode != .idle, let cpuPerOperation {
            parts.append("\(Self.fixed(cpuPerOperation, 3)) µs of CPU per \(plan.mode == .rpc ? "call" : "message")")
        }
        parts.append("\(Self.fixed(broker.seconds > 0 ? broker.cpuSeconds / broker.seconds : 0, 2)) cores")
        parts.append("peak memory \(Self.fixed(Double(broker.peakResidentBytes) / 1048576, 1)) MiB")
        return [("broker", parts.joined(separator: ", "))]
    }

    static func fixed(_ number: Double, _ digits: Int) -> String {
        String(format: "%.\(digits)f", number)
    }

    /// A whole number with a comma between thousands.
    static func grouped(_ number: Double) -> String {
        let digits = String(Int(number.rounded()))
        return digits.enumerated().reduce(into: "") { result, next in
            if next.offset > 0, (digits.count - next.offset) % 3 == 0, result != "-" { result += "," }
            result.append(next.element)
        }
    }
}
