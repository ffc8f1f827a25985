import NIOCore

/// How long a call may take, and where that limit comes from.
struct CallLimit {
    enum Source {
        /// The setting `request_timeout`: the caller set no time-out.
        case requestTimeout
        /// The caller's own time-out.
        case caller
        /// The setting `max_request_timeout`: the caller asked for more.
        case maximum
    }

    let timeout: TimeAmount
    let source: Source

    /// The limit that the provider gets with the request, in milliseconds; nil when the caller set none. Such a request
    /// keeps the form without a limit, which every peer understands.
    var told: UInt64? {
        source == .requestTimeout ? nil : UInt64(max(timeout.nanoseconds / 1_000_000, 1))
    }

    /// The limit in words, for the error of a call that it ended.
    var description: String {
        let seconds = Double(timeout.nanoseconds) / 1_000_000_000
        let shown = seconds == seconds.rounded() ? "\(Int64(seconds)) s" : "\(seconds) s"
        return switch source {
        case .requestTimeout: "\(shown) (the broker's `request_timeout`)"
        case .caller: "\(shown) (the time-out of the call)"
        case .maximum: "\(shown) (the broker's `max_request_timeout`)"
        }
    }
}

extension BrokerCore {
    /// The limit of a call. `milliseconds` is the caller's time-out; nil when it set none.
    func limit(asked milliseconds: UInt64?) -> CallLimit {
        guard let milliseconds else { return CallLimit(timeout: requestTimeout, source: .requestTimeout) }
        guard milliseconds <= UInt64(clamping: maxRequestTimeout.nanoseconds / 1_000_000) else {
            return CallLimit(timeout: maxRequestTimeout, source: .maximum)
        }
        return CallLimit(timeout: .milliseconds(Int64(milliseconds)), source: .caller)
    }
}
