import NIOCore
import RembusTransport
import RembusWire
import Synchronization

/// The connections of the ROUTER socket on one event loop, and what they send.
///
/// Used on the event loop only, except for the constants; hence unchecked.
final class RouterLane: @unchecked Sendable {
    let eventLoop: any EventLoop
    let mailbox: RouterMailbox
    let lowWaterMark: Int
    /// The index among the lanes.
    let index: Int
    private let make: RouterSettings.MakeLink
    private let splitter = PartSplitter(isDealer: false)
    @exclusivity(unchecked) private var outgoing = OutgoingBatch()
    /// Whether a batch is being handled, whose results leave together.
    @exclusivity(unchecked) private var isReceiving = false
    /// Peers whose messages are not handled for now.
    private var paused: [ObjectIdentifier: RouterPeer] = [:]

    init(index: Int, eventLoop: any EventLoop, mailbox: RouterMailbox, settings: RouterSettings) {
        self.index = index
        self.eventLoop = eventLoop
        self.mailbox = mailbox
        make = settings.makeLink
        lowWaterMark = settings.link.lowWaterMark
    }

    func makeLink(_ peer: RouterPeer) -> Link? { make(eventLoop, peer.address, peer) }

    // MARK: Incoming

    func apply(_ batch: IncomingBatch) {
        isReceiving = true
        var waiting = 0
        batch.bytes.withUnsafeReadableBytes { bytes in
            for run in batch.runs {
                var index = run.first
                while index >= 0 {
                    let message = batch.messages[index]
                    if let large = message.large {
                        waiting += large.withUnsafeReadableBytes { run.peer.receive($0, owner: large) }
                    } else {
                        let slice = bytes[message.start..<message.start &+ message.length]
                        waiting += run.peer.receive(UnsafeRawBufferPointer(rebasing: slice), owner: nil)
                    }
                    index = message.next
                }
                run.peer.receiveCompleted()
                if run.isGone { run.peer.gone(.broken) }
            }
        }
        isReceiving = false
        handOver()
        mailbox.handled(batch.byteCount - waiting)
    }

    // MARK: Outgoing

    func append(_ message: UnsafeRawBufferPointer, to peer: RouterPeer) {
        guard let (header, body) = splitter.split(message, into: &outgoing.bytes) else {
            return assertionFailure("a message that is not in the usual form")
        }
        peer.unsent.wrappingAdd(header + body, ordering: .relaxed)
        outgoing.messages.append(.init(peer: peer, header: header, body: body))
    }

    /// Ends a peer behind what it was sent. `reason` is what the peer is told.
    func append(_ ending: OutgoingBatch.Ending, _ reason: LinkCloseReason?, to peer: RouterPeer) {
        var last = OutgoingBatch.Message(peer: peer, header: 0, body: 0, ending: ending)
        if let reason {
            last.header = outgoing.bytes.writeImmutableBuffer(CloseMessage.header(reason))
            last.body = outgoing.bytes.writeInteger(Framing.null)
            peer.unsent.wrappingAdd(last.header + last.body, ordering: .relaxed)
        }
        outgoing.messages.append(last)
        handOver()
    }

    /// Passes everything that was sent to the socket's thread.
    func handOver() {
        guard !isReceiving, !outgoing.messages.isEmpty else { return }
        var batch = OutgoingBatch()
        swap(&batch, &outgoing)
        mailbox.put(batch)
    }

    // MARK: Pauses

    func noteReading(_ peer: RouterPeer, _ isReading: Bool) {
        paused[ObjectIdentifier(peer)] = isReading ? nil : peer
    }

    /// Called when too many bytes wait for peers that are not read from. Ends those with the most, until `limit` is
    /// left.
    func shed(to limit: Int) {
        let now = NIODeadline.now()
        let idle = paused.values.filter { $0.loopSide.pausedSince + RouterLimits.maxPause < now }
        var excess = idle.reduce(0) { $0 + $1.loopSide.waitingBytes } - limit
        for peer in idle.sorted(by: { $0.loopSide.waitingBytes > $1.loopSide.waitingBytes }) where excess > 0 {
            excess -= peer.loopSide.waitingBytes
            peer.loopSide.link?.close(code: 1008, reason: "more messages than can be taken")
        }
    }
}
