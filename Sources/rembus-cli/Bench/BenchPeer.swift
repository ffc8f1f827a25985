import NIOCore
import RembusTransport
import RembusWire
import Synchronization

/// A connection of the load generator, on its event loop: the link of the SDK without the rest of the SDK.
///
/// It is anonymous, so that a run leaves nothing in the broker.
class BenchPeer: LinkDelegate {
    let group: LinkGroup
    let counters: BenchCounters
    private(set) var link: Link?
    private var replies: [UInt64: (promise: EventLoopPromise<Void>, timeout: Scheduled<Void>)] = [:]
    private var lastID: UInt64 = 0
    var isClosing = false

    init(group: LinkGroup, counters: BenchCounters) {
        self.group = group
        self.counters = counters
    }

    func attach(_ link: Link) {
        self.link = link
    }

    /// Sends a request to the broker and waits for its answer.
    func ask(_ message: (MessageID) -> Message) -> EventLoopFuture<Void> {
        lastID += 1
        let id = lastID
        let promise = group.eventLoop.makePromise(of: Void.self)
        // The reference is not weak, because an object that was once referenced weakly is slower to retain from then
        // on.
        let timeout = group.eventLoop.assumeIsolated().scheduleTask(in: .seconds(10)) {
            let reply = self.replies.removeValue(forKey: id)
            reply?.promise.fail(CommandFailure("the broker does not answer", status: .timeout))
        }
        replies[id] = (promise, timeout)
        send(message(MessageID(littleEndian: id)))
        group.flush()
        return promise.futureResult
    }

    func admin(_ topic: String, _ command: AdminCommand) -> EventLoopFuture<Void> {
        ask { .admin(.init(id: $0, topic: topic, data: command.data)) }
    }

    func send(_ message: Message) {
        var buffer = ByteBuffer()
        message.encodeCBOR(into: &buffer)
        buffer.withUnsafeReadableBytes { bytes in
            link?.sendBinary(length: bytes.count) { target in
                if let base = bytes.baseAddress { target.copyMemory(from: base, byteCount: bytes.count) }
            }
        }
    }

    /// Sends an Ack or Ack2 for a message whose id has 8 bytes.
    func acknowledge(_ kind: FrameHeader.Kind, _ id: UInt64) {
        link?.sendBinary(length: 11) { target in
            var writer = FrameWriter(target)
            writer.byte(0x82)
            writer.byte(kind.rawValue)
            writer.id(id)
        }
    }

    /// Handles a message in the usual form. Subclasses override this for the messages that they expect.
    func receive(_ header: FrameHeader, _ bytes: UnsafeRawBufferPointer) {
        guard header.kind == .response, let id = header.id(in: bytes)?.littleEndianValue,
            let reply = replies.removeValue(forKey: id)
        else { return }
        reply.timeout.cancel()
        if header.status == 0 {
            reply.promise.succeed()
        } else {
            reply.promise.fail(CommandFailure("the broker refuses a command of the run with status \(header.status)"))
        }
    }

    /// Handles any message. Subclasses override this for the messages that they expect in large numbers.
    func receive(_ bytes: UnsafeRawBufferPointer) {
        if case .regular(let header) = FrameHeader.parse(bytes) { receive(header, bytes) }
    }

    /// Called at the end of a read.
    func readCompleted() {}

    /// Called when there is room to send again.
    func drained() {}

    // MARK: LinkDelegate

    final func link(_ link: Link, received bytes: UnsafeRawBufferPointer, kind: MessageKind, owner: ByteBuffer?) {
        if kind == .binary { receive(bytes) }
    }

    final func linkReadCompleted(_ link: Link) { readCompleted() }

    final func linkDrained(_ link: Link) { drained() }

    final func linkClosed(_ link: Link, reason: LinkCloseReason) {
        let failure = CommandFailure("the broker ended a connection of the run: \(reason)")
        for reply in replies.values {
            reply.timeout.cancel()
            reply.promise.fail(failure)
        }
        replies = [:]
        counters.openConnections.wrappingSubtract(1, ordering: .relaxed)
        if !isClosing { counters.fail(failure) }
    }

    func close() {
        isClosing = true
        link?.close(code: 1000, reason: "")
    }
}
