import NIOCore
import RembusTransport
import RembusWire
import Synchronization

/// The event loop's side of a connection to a broker. Used on the event loop only; hence unchecked.
final class DealerSink: LinkSink, @unchecked Sendable {
    let eventLoop: any EventLoop
    private let mailbox: DealerMailbox
    private let splitter = PartSplitter(isDealer: true)
    /// nil before the start and after the end.
    @exclusivity(unchecked) var link: Link?
    @exclusivity(unchecked) private var outgoing = DealerMailbox.Batch()

    init(eventLoop: any EventLoop, mailbox: DealerMailbox) {
        self.eventLoop = eventLoop
        self.mailbox = mailbox
        mailbox.setNotice { [weak self] in eventLoop.execute { [weak self] in self?.reportBacklog() } }
    }

    // MARK: Receiving

    /// What the socket's thread has read in one turn.
    struct Incoming: Sendable {
        var bytes = ByteBuffer()
        var messages: [(length: Int, large: ByteBuffer?)] = []
        private(set) var largeBytes = 0

        var byteCount: Int { bytes.readableBytes + largeBytes + 64 * messages.count }

        mutating func append(_ length: Int, large: ByteBuffer? = nil) {
            largeBytes += large?.readableBytes ?? 0
            messages.append((length, large))
        }
    }

    func apply(_ batch: Incoming) {
        defer { mailbox.handled(batch.byteCount) }
        batch.bytes.withUnsafeReadableBytes { bytes in
            var offset = 0
            for (length, large) in batch.messages {
                guard let link else { return }
                if let large {
                    large.withUnsafeReadableBytes { link.receive($0, owner: large) }
                } else {
                    link.receive(UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + length]))
                    offset += length
                }
            }
        }
        link?.receiveCompleted()
    }

    /// The connection is lost, or the broker has ended it.
    func lost(_ reason: LinkCloseReason) {
        let ended = link
        end()
        ended?.sinkEnded(reason)
    }

    private func end() {
        link = nil
        mailbox.setNotice(nil)
    }

    // MARK: Sending

    func link(_ link: Link, sends message: UnsafeRawBufferPointer) {
        guard let (header, body) = splitter.split(message, into: &outgoing.bytes) else {
            return assertionFailure("a message that is not in the usual form")
        }
        outgoing.messages.append((header, body))
        let backlog = mailbox.unsent.wrappingAdd(header + body, ordering: .relaxed).newValue
        // Only a growing backlog is reported here. A shrinking one makes the link's owner send, which this call does
        // not allow.
        if backlog > mailbox.lowWaterMark { link.setSinkBacklog(backlog) }
        noteName(message)
    }

    /// Remembers the name that the component logs in with, for pings.
    private func noteName(_ message: UnsafeRawBufferPointer) {
        guard message.count > 1, message[1] == 0 || message[1] == 11 else { return }
        switch try? Message(cbor: ByteBuffer(bytes: message)) {
        case .identity(let part)?: mailbox.change { $0.name = part.name }
        case .attestation(let part)?: mailbox.change { $0.name = part.name }
        default: break
        }
    }

    func linkFlushes(_ link: Link) {
        handOver()
        reportBacklog()
    }

    private func handOver() {
        guard !outgoing.messages.isEmpty else { return }
        var batch = DealerMailbox.Batch()
        swap(&batch, &outgoing)
        mailbox.change { $0.batches.append(batch) }
    }

    private func reportBacklog() {
        guard let link else { return }
        var backlog = mailbox.unsent.load(ordering: .relaxed)
        if backlog > mailbox.lowWaterMark {
            mailbox.wantsNotice.store(true, ordering: .sequentiallyConsistent)
            backlog = mailbox.unsent.load(ordering: .sequentiallyConsistent)
            if backlog <= mailbox.lowWaterMark { mailbox.wantsNotice.store(false, ordering: .relaxed) }
        }
        link.setSinkBacklog(backlog)
    }

    func link(_ link: Link, reads isReading: Bool) {
        mailbox.change { $0.isReading = isReading }
    }

    func link(_ link: Link, closes reason: LinkCloseReason) {
        handOver()
        end()
        mailbox.change { $0.isClosing = true }
    }
}
