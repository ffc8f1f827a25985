/// The pauses between attempts to reconnect.
///
/// The pause before attempt n is random between ``minimumDelay`` and `minimumDelay · 2ⁿ`, and at most ``maximumDelay``.
/// So the first attempts come quickly, and many components that have lost the same broker do not all return at once.
public struct ReconnectPolicy: Sendable, Hashable {
    /// The shortest pause; 0.5 s by default.
    public var minimumDelay: Duration

    /// The longest pause; 30 s by default.
    public var maximumDelay: Duration

    /// Makes a policy. Negative delays count as zero.
    public init(minimumDelay: Duration = .milliseconds(500), maximumDelay: Duration = .seconds(30)) {
        self.minimumDelay = minimumDelay
        self.maximumDelay = maximumDelay
    }

    /// The wait before an attempt, counted from 1.
    package func delay(attempt: Int) -> Duration {
        let low = max(minimumDelay.seconds, 0)
        let high = min(max(maximumDelay.seconds, low), low * Double(1 << min(max(attempt, 1), 30)))
        return .seconds(Double.random(in: low...max(high, low)))
    }
}

extension Duration {
    /// The duration in seconds, with a fraction.
    var seconds: Double {
        Double(components.seconds) + Double(components.attoseconds) * 1e-18
    }
}
