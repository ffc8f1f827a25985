import CZeroMQ
import NIOCore

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// A socket of libzmq with a context of its own. Used on one thread.
final class ZeroMQSocket {
    let pointer: UnsafeMutableRawPointer
    private let context: UnsafeMutableRawPointer
    private var monitorPointer: UnsafeMutableRawPointer?

    /// The outcome of sending.
    enum Sent {
        case done
        /// The peer accepts no more at the moment. Nothing of the message was sent.
        case full
        /// There is no such peer.
        case gone
    }

    init(kind: Int32) throws {
        guard let context = zmq_ctx_new() else { throw lastError("zmq_ctx_new") }
        guard let pointer = zmq_socket(context, kind) else {
            let error = lastError("zmq_socket")
            zmq_ctx_term(context)
            throw error
        }
        (self.context, self.pointer) = (context, pointer)
    }

    func set(_ option: Int32, _ value: Int) throws {
        var value = Int32(clamping: value)
        guard zmq_setsockopt(pointer, option, &value, MemoryLayout<Int32>.size) == 0 else {
            throw lastError("zmq_setsockopt \(option)")
        }
    }

    /// Sets the options that both ends have in common: limits, and the detection of a lost peer.
    func setUp(maxMessageBytes: Int, pingInterval: TimeAmount?, handshakeTimeout: TimeAmount) throws {
        var bytes = Int64(maxMessageBytes)
        guard zmq_setsockopt(pointer, ZMQ_MAXMSGSIZE, &bytes, MemoryLayout<Int64>.size) == 0 else {
            throw lastError("zmq_setsockopt ZMQ_MAXMSGSIZE")
        }
        try set(ZMQ_IPV6, 1)
        try set(ZMQ_TCP_KEEPALIVE, 1)
        try set(ZMQ_HANDSHAKE_IVL, handshakeTimeout.milliseconds)
        guard let pingInterval else { return }
        // ZeroMQ sends and answers these pings itself. They distinguish lost connections from silent programs.
        try set(ZMQ_HEARTBEAT_IVL, max(1, pingInterval.milliseconds))
        try set(ZMQ_HEARTBEAT_TIMEOUT, max(1, pingInterval.milliseconds))
    }

    func bind(_ endpoint: String) throws {
        guard zmq_bind(pointer, endpoint) == 0 else { throw lastError("zmq_bind") }
    }

    func connect(_ endpoint: String) throws {
        guard zmq_connect(pointer, endpoint) == 0 else { throw lastError("zmq_connect") }
    }

    /// The port that `tcp://host:*` was bound to.
    var boundPort: Int? {
        var text = [UInt8](repeating: 0, count: 256)
        var size = text.count
        guard zmq_getsockopt(pointer, ZMQ_LAST_ENDPOINT, &text, &size) == 0, size > 1 else { return nil }
        return Int(String(decoding: text[..<(size - 1)], as: UTF8.self).split(separator: ":").last ?? "")
    }

    // MARK: Sending

    /// Sends a part from memory that is copied. The first part decides whether the message can be sent.
    @inline(__always)
    func send(_ bytes: UnsafeRawBufferPointer, more: Bool = true) -> Sent {
        sent(zmq_send(pointer, bytes.baseAddress, bytes.count, ZMQ_DONTWAIT | (more ? ZMQ_SNDMORE : 0)))
    }

    func send(_ bytes: [UInt8], more: Bool = true) -> Sent {
        bytes.withUnsafeBytes { send($0, more: more) }
    }

    /// Sends a part without copying it. Its owner is told when libzmq has released it, on any thread.
    func send(shared bytes: UnsafeRawBufferPointer, _ body: SharedBody) -> Sent {
        let hint = Unmanaged.passRetained(body).toOpaque()
        var message = zmq_msg_t()
        let start = UnsafeMutableRawPointer(mutating: bytes.baseAddress)
        guard zmq_msg_init_data(&message, start, bytes.count, releaseSharedBody, hint) == 0 else {
            releaseSharedBody(nil, hint)
            return .gone
        }
        let outcome = sent(zmq_msg_send(&message, pointer, ZMQ_DONTWAIT | ZMQ_SNDMORE))
        if outcome != .done { zmq_msg_close(&message) }
        return outcome
    }

    private func sent(_ code: Int32) -> Sent {
        guard code < 0 else { return .done }
        return zmq_errno() == EAGAIN ? .full : .gone
    }

    // MARK: Events

    /// Starts to monitor connections; see ``nextEvent()``.
    func monitor() throws {
        let endpoint = "inproc://monitor"
        guard zmq_socket_monitor(pointer, endpoint, ZMQ_EVENT_ALL) == 0 else { throw lastError("zmq_socket_monitor") }
        guard let monitor = zmq_socket(context, ZMQ_PAIR) else { throw lastError("zmq_socket") }
        monitorPointer = monitor
        guard zmq_connect(monitor, endpoint) == 0 else { throw lastError("zmq_connect") }
    }

    /// An event of a connection: libzmq's number of it, and its value, which usually is the connection's descriptor.
    func nextEvent() -> (event: Int32, value: Int32)? {
        guard let monitorPointer else { return nil }
        var bytes: (UInt64, UInt64) = (0, 0)
        let size = withUnsafeMutableBytes(of: &bytes) {
            zmq_recv(monitorPointer, $0.baseAddress, $0.count, ZMQ_DONTWAIT)
        }
        guard size == 6 else { return nil }
        var endpoint: UInt8 = 0
        _ = zmq_recv(monitorPointer, &endpoint, 1, ZMQ_DONTWAIT)
        return withUnsafeBytes(of: &bytes) {
            (Int32($0.loadUnaligned(as: UInt16.self)), $0.loadUnaligned(fromByteOffset: 2, as: Int32.self))
        }
    }

    /// Waits for a message, an event, a wake-up or, if `writing` is set, the possibility to write.
    func wait(for wakeUp: WakeUp, reading: Bool, writing: Bool, milliseconds: Int) {
        var items = [
            zmq_pollitem_t(socket: nil, fd: wakeUp.descriptor, events: Int16(ZMQ_POLLIN), revents: 0),
            zmq_pollitem_t(socket: monitorPointer, fd: 0, events: Int16(ZMQ_POLLIN), revents: 0),
            zmq_pollitem_t(
                socket: pointer, fd: 0, events: Int16((reading ? ZMQ_POLLIN : 0) | (writing ? ZMQ_POLLOUT : 0)),
                revents: 0),
        ]
        zmq_poll(&items, Int32(items.count), milliseconds)
        if items[0].revents != 0 { wakeUp.quiet() }
    }

    /// Closes the socket. Returns when everything was sent, or after `linger`.
    func close(linger: TimeAmount) {
        try? set(ZMQ_LINGER, linger.milliseconds)
        zmq_socket_monitor(pointer, nil, 0)
        if let monitorPointer { zmq_close(monitorPointer) }
        zmq_close(pointer)
        while zmq_ctx_term(context) != 0, zmq_errno() == EINTR {}
    }
}

extension TimeAmount {
    var milliseconds: Int { Int(clamping: nanoseconds / 1_000_000) }
}
