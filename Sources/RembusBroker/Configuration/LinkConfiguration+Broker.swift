import NIOCore
import RembusTransport

extension LinkConfiguration {
    init(_ configuration: BrokerConfiguration) {
        let ping = TimeAmount(configuration.pingInterval)
        self.init(
            maxMessageBytes: configuration.limits.maxMessageBytes,
            pingInterval: ping.nanoseconds > 0 ? ping : nil,
            handshakeTimeout: TimeAmount(configuration.handshakeTimeout),
            highWaterMark: min(2 << 20, configuration.limits.maxBacklogBytes / 2),
            lowWaterMark: min(512 << 10, configuration.limits.maxBacklogBytes / 8),
            maxUnreadBytes: 2 * configuration.limits.maxBacklogBytes)
    }
}
