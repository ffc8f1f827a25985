/// How long a component waits between two attempts to get its connection back.
///
/// The wait before attempt n is random between ``minimumDelay`` and `minimumDelay · 2ⁿ`, never more than
/// ``maximumDelay``: the first attempts are quick, and many components that lost one broker do not return as one wave.
public struct ReconnectPolicy: Sendable, Hashable {
    /// The shortest wait, default 0.5 s.
    public var minimumDelay: Duration

    /// The longest wait, default 30 s.
    public var maximumDelay: Duration

    /// Makes a policy; delays below zero count as zero.
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
    /// The duration as seconds with a fraction.
    var seconds: Double {
        Double(components.seconds) + Double(components.attoseconds) * 1e-18
    }
}
