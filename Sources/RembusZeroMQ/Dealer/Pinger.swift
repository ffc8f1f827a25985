import NIOCore
import RembusWire

/// Decides when a component pings, and interprets the answers (protocol.md §12). Knows neither sockets nor clocks.
struct Pinger {
    enum Due: Equatable {
        case nothing
        /// Send a ping with this header.
        case ping([UInt8])
        /// Nothing was received for two intervals.
        case lost
    }

    enum Answer {
        /// The message is not the answer to a ping.
        case other
        /// The broker knows the component.
        case fine
        /// The broker does not know the component.
        case unknown
    }

    /// nil for no pings.
    private let interval: TimeAmount?
    private var next: NIODeadline
    private var wasHeard = true
    private var silentIntervals = 0
    private let id = UInt64.random(in: .min ... .max)

    init(interval: TimeAmount?, now: NIODeadline) {
        self.interval = interval
        next = interval.map { now + $0 } ?? .distantFuture
    }

    /// Records that something was received.
    mutating func heard() { wasHeard = true }

    /// What has to be done now. Components without a name send no pings, and rely on the heartbeat of ZeroMQ.
    mutating func due(_ now: NIODeadline, name: String?) -> Due {
        guard let interval, next <= now else { return .nothing }
        next = now + interval
        guard let name else { return .nothing }
        silentIntervals = wasHeard ? 0 : silentIntervals + 1
        wasHeard = false
        return silentIntervals >= 2 ? .lost : .ping(header(name))
    }

    /// A ping without a name. The broker notices a connection by its first message, and may have to send first.
    func hello() -> [UInt8] { header("") }

    private func header(_ name: String) -> [UInt8] {
        var buffer = ByteBuffer()
        Message.ping(MessageID(littleEndian: id), name).encodeCBOR(into: &buffer)
        return Array(buffer.readableBytesView)
    }

    /// Interprets a header as the answer to a ping.
    func answer(_ header: UnsafeRawBufferPointer) -> Answer {
        guard header.count >= 12, header[1] == 4, header[2] == 0x48,
            UInt64(littleEndian: header.loadUnaligned(fromByteOffset: 3, as: UInt64.self)) == id
        else { return .other }
        return header[11] == 0 ? .fine : .unknown
    }

    /// The time until something has to be done, in milliseconds; -1 for ever.
    func waitTime(_ now: NIODeadline) -> Int {
        guard interval != nil else { return -1 }
        return max(1, (next - now).milliseconds + 1)
    }
}
