import CZeroMQ

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Reads whole ZeroMQ messages and finds the parts of protocol.md §12.
///
/// libzmq keeps the parts of a message together. So a malformed message ends where the next one begins, and with that
/// one's first part the reader is in step again.
struct MultipartReader: ~Copyable {
    enum Outcome {
        /// There is no message.
        case nothing
        /// The message is malformed and was skipped.
        case broken
        /// Identity (of routers), header and body can be read until the next call.
        case whole
    }

    /// The number of parts in front of the header: an empty one and, for routers, the identity.
    private let lead: Int
    private let parts: UnsafeMutablePointer<zmq_msg_t>
    /// Further parts are read into the last one.
    private var count: Int { lead + 4 }

    init(hasIdentity: Bool) {
        lead = hasIdentity ? 2 : 1
        parts = .allocate(capacity: lead + 4)
        for index in 0..<lead + 4 { zmq_msg_init(parts + index) }
    }

    deinit {
        for index in 0..<lead + 4 { zmq_msg_close(parts + index) }
        parts.deallocate()
    }

    /// A part for which libzmq knows the connection. It does not for the identity.
    var connectionPart: UnsafeMutablePointer<zmq_msg_t> { parts + lead }
    /// The routing identity, for routers.
    var identity: UnsafeRawBufferPointer { bytes(0) }
    var header: UnsafeRawBufferPointer { bytes(lead) }
    var body: UnsafeRawBufferPointer { bytes(lead + 1) }

    private func bytes(_ index: Int) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: zmq_msg_data(parts + index), count: zmq_msg_size(parts + index))
    }

    /// Reads one message without waiting.
    mutating func next(_ socket: ZeroMQSocket) -> Outcome {
        var index = 0
        repeat {
            let part = parts + min(index, count - 1)
            while zmq_msg_recv(part, socket.pointer, ZMQ_DONTWAIT) < 0 {
                // The parts of a message come together, so this can only be the first one.
                guard zmq_errno() == EINTR else { return .nothing }
            }
            index += 1
            if zmq_msg_more(part) == 0 { break }
        } while true
        let isWhole = index == lead + 3 && bytes(lead - 1).isEmpty && bytes(lead + 2).elementsEqual(Framing.end)
        return isWhole ? .whole : .broken
    }
}
