import Foundation
import RembusWire

/// The results of a run.
struct BenchReport: Sendable {
    let plan: BenchPlan
    /// Published messages, answered calls or opened connections.
    var operations = 0
    /// The time from the first message to the last arrival.
    var seconds = 0.0
    var delivered = 0
    var lost = 0
    var disordered = 0
    var repeated = 0
    /// Calls with a wrong answer, or publications without an acknowledgement.
    var errors = 0
    var latency: BenchHistogram?
    var broker: BrokerWatch.Result?
    var ownCPUSeconds = 0.0
    /// Bytes of the broker's memory per idle connection.
    var bytesPerConnection: Double?

    init(_ plan: BenchPlan) {
        self.plan = plan
    }

    mutating func add(_ summary: ReceptionSummary) {
        delivered += summary.delivered
        lost += summary.lost
        disordered += summary.disordered
        repeated += summary.repeated
    }

    mutating func setUsage(_ broker: BrokerWatch.Result?, ownCPU: Double) {
        self.broker = broker
        ownCPUSeconds = ownCPU
    }

    /// Whether everything that was sent arrived.
    var isComplete: Bool { lost == 0 && errors == 0 }

    var operationsPerSecond: Double { seconds > 0 ? Double(operations) / seconds : 0 }
    var deliveriesPerSecond: Double { seconds > 0 ? Double(delivered) / seconds : 0 }

    /// The broker's CPU time per delivery or, if there are none, per operation, in microseconds.
    var cpuPerOperation: Double? { broker.map { $0.cpuSeconds * 1e6 / Double(max(operations, 1)) } }
    var cpuPerDelivery: Double? {
        delivered > 0 ? broker.map { $0.cpuSeconds * 1e6 / Double(delivered) } : nil
    }

    /// What `latency` measures in this kind of run.
    var latencyMeaning: String {
        switch plan.mode {
        case .rpc: "call to result"
        case .qos1, .qos2: "publish to acknowledgement"
        default: plan.rate == nil ? "queueing at full speed; --rate measures delivery" : "publish to delivery"
        }
    }
}
