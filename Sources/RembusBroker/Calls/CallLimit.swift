import NIOCore

/// How long a call may take, and who says so.
struct CallLimit {
    enum Source {
        /// The setting `request_timeout`: the caller said nothing.
        case requestTimeout
        /// The caller's own time-out.
        case caller
        /// The setting `max_request_timeout`: the caller wanted more.
        case maximum
    }

    let timeout: TimeAmount
    let source: Source

    /// What the provider is told, in milliseconds; nil when the caller said nothing, so that such a request keeps the form
    /// that every peer knows.
    var told: UInt64? {
        source == .requestTimeout ? nil : UInt64(max(timeout.nanoseconds / 1_000_000, 1))
    }

    /// What ended the call, for its error.
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
    /// The limit of a call whose caller waits for so many milliseconds, or does not say.
    func limit(asked milliseconds: UInt64?) -> CallLimit {
        guard let milliseconds else { return CallLimit(timeout: requestTimeout, source: .requestTimeout) }
        guard milliseconds <= UInt64(clamping: maxRequestTimeout.nanoseconds / 1_000_000) else {
            return CallLimit(timeout: maxRequestTimeout, source: .maximum)
        }
        return CallLimit(timeout: .milliseconds(Int64(milliseconds)), source: .caller)
    }
}
