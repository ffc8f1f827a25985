import NIOCore
import RembusWire

/// When a component pings, and what the answers mean (protocol.md §12). Apart from sockets and clocks.
struct Pinger {
    enum Due: Equatable {
        case nothing
        /// The header of a ping to send.
        case ping([UInt8])
        /// Two intervals without a sign of life.
        case lost
    }

    enum Answer {
        /// A message of another kind.
        case other
        /// The broker knows us.
        case fine
        /// The broker answers with something else than that it knows us.
        case unknown
    }

    /// nil sends no pings.
    private let interval: TimeAmount?
    private var next: NIODeadline
    private var wasHeard = true
    private var silentIntervals = 0
    private let id = UInt64.random(in: .min ... .max)

    init(interval: TimeAmount?, now: NIODeadline) {
        self.interval = interval
        next = interval.map { now + $0 } ?? .distantFuture
    }

    /// Something came.
    mutating func heard() { wasHeard = true }

    /// What is to be done now. Components without a name do not ping: the heartbeat of ZeroMQ has to do.
    mutating func due(_ now: NIODeadline, name: String?) -> Due {
        guard let interval, next <= now else { return .nothing }
        next = now + interval
        guard let name else { return .nothing }
        silentIntervals = wasHeard ? 0 : silentIntervals + 1
        wasHeard = false
        return silentIntervals >= 2 ? .lost : .ping(header(name))
    }

    /// A ping of nobody: the broker learns of a connection by its first message, and may have something to say first.
    func hello() -> [UInt8] { header("") }

    private func header(_ name: String) -> [UInt8] {
        var buffer = ByteBuffer()
        Message.ping(MessageID(littleEndian: id), name).encodeCBOR(into: &buffer)
        return Array(buffer.readableBytesView)
    }

    /// Whether a header is that of the answer to a ping, and which.
    func answer(_ header: UnsafeRawBufferPointer) -> Answer {
        guard header.count >= 12, header[1] == 4, header[2] == 0x48,
            UInt64(littleEndian: header.loadUnaligned(fromByteOffset: 3, as: UInt64.self)) == id
        else { return .other }
        return header[11] == 0 ? .fine : .unknown
    }

    /// How long there is nothing to do, milliseconds; -1 for ever.
    func waitTime(_ now: NIODeadline) -> Int {
        guard interval != nil else { return -1 }
        return max(1, (next - now).milliseconds + 1)
    }
}
