import ArgumentParser

/// The kinds of runs.
enum BenchMode: String, CaseIterable, ExpressibleByArgument {
    case pub
    case fanout
    case qos1
    case qos2
    case rpc
    case idle

    var qos: UInt8 {
        switch self {
        case .qos1: 1
        case .qos2: 2
        default: 0
        }
    }

    var defaultSubscribers: Int { self == .fanout ? 8 : 1 }

    var defaultInFlight: Int { qos > 0 ? 100 : 1 }
}
