import NIOCore
import RembusStore
import RembusWire

/// The messages that one lane passes to another at the end of a unit of work: one hop for all of them, and one copy of
/// each message.
///
/// Filled on the source lane, then owned by the target lane and never shared; hence unchecked.
final class LaneBatch: @unchecked Sendable {
    /// The facts of a publication besides its bytes.
    private struct Source {
        let owner: ByteBuffer?
        let record: RecordHeader
        let publisher: Session
        let origin: Origin?
    }

    private enum Entry {
        case publication(offset: Int, count: Int, source: Source, route: Route)
        case request(offset: Int, count: Int, provider: Session, call: RoutedCall)
        case response(offset: Int, count: Int, caller: Session, id: MessageID)
        case failure(caller: Session, id: MessageID, status: StatusCode, text: String)
    }

    /// The lane that filled the batch. All its messages come from sessions there.
    let source: Int
    private var bytes = ByteBuffer()
    private var entries: [Entry] = []
    /// Publishers whose publications went to a congested link.
    private(set) var congesting: [Session] = []

    init(source: Int) {
        self.source = source
    }

    private func append(_ message: UnsafeRawBufferPointer) -> Int {
        let offset = bytes.writerIndex
        bytes.writeBytes(message)
        return offset
    }

    func add(_ publication: borrowing Publication, publisher: Session, along route: Route) {
        let offset = publication.owner == nil ? append(publication.bytes) : 0
        let source = Source(
            owner: publication.owner, record: publication.record, publisher: publisher, origin: publication.origin)
        entries.append(
            .publication(offset: offset, count: publication.bytes.count, source: source, route: route))
    }

    func addRequest(_ message: UnsafeRawBufferPointer, provider: Session, call: RoutedCall) {
        entries.append(.request(offset: append(message), count: message.count, provider: provider, call: call))
    }

    func addResponse(_ message: UnsafeRawBufferPointer, caller: Session, id: MessageID) {
        entries.append(.response(offset: append(message), count: message.count, caller: caller, id: id))
    }

    func addFailure(caller: Session, id: MessageID, status: StatusCode, text: String) {
        entries.append(.failure(caller: caller, id: id, status: status, text: text))
    }

    func apply(on lane: Lane) {
        bytes.withUnsafeReadableBytes { all in
            for entry in entries {
                switch entry {
                case .publication(let offset, let count, let source, let route):
                    if let owner = source.owner {
                        owner.withUnsafeReadableBytes { deliver($0, source, along: route, on: lane) }
                    } else {
                        let message = UnsafeRawBufferPointer(rebasing: all[offset..<offset + count])
                        deliver(message, source, along: route, on: lane)
                    }
                case .request(let offset, let count, let provider, let call):
                    let message = UnsafeRawBufferPointer(rebasing: all[offset..<offset + count])
                    guard case .regular(let header) = FrameHeader.parse(message) else { continue }
                    provider.forward(message, header, call)
                case .response(let offset, let count, let caller, let id):
                    let message = UnsafeRawBufferPointer(rebasing: all[offset..<offset + count])
                    guard case .regular(let header) = FrameHeader.parse(message) else { continue }
                    caller.sendResponse(message, header, id: id)
                case .failure(let caller, let id, let status, let text):
                    caller.sendFailure(id, status, text)
                }
            }
        }
    }

    private func deliver(_ message: UnsafeRawBufferPointer, _ from: Source, along route: Route, on lane: Lane) {
        guard case .regular(let header) = FrameHeader.parse(message) else { return }
        var publication = Publication(
            bytes: message, header: header, owner: from.owner, record: from.record, partition: source,
            publisher: ObjectIdentifier(from.publisher), origin: from.origin)
        route.deliver(&publication, onLane: lane.index)
        guard lane.takeCongestion(of: from.publisher) else { return }
        if !congesting.contains(where: { $0 === from.publisher }) { congesting.append(from.publisher) }
    }
}
