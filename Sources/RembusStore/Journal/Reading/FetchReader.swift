import Logging
import NIOConcurrencyHelpers
import NIOCore

/// One thread that reads records from segment files that are no longer in memory; it serves requests in turn.
final class FetchReader: Sendable {
    struct Request: Sendable {
        let partition: Int
        let position: StorePosition
        let topics: [String]?
        let done: @Sendable (StorePage) -> Void
    }

    private struct Queue: Sendable {
        var requests: [Request] = []
        var isStopping = false
    }

    static let pageBytes = 1 << 18

    private let shared: JournalShared
    private let queue = Monitor(Queue())
    /// While nothing can be read, many requests fail for the same reason; it is logged once in a while.
    private let failure = NIOLockedValueBox(RepeatedLine())

    init(_ shared: JournalShared) {
        self.shared = shared
    }

    var waitingCount: Int { queue.change { $0.requests.count } }

    func add(_ request: Request) {
        let isAccepted = queue.change { queue in
            if !queue.isStopping { queue.requests.append(request) }
            return !queue.isStopping
        }
        if !isAccepted { request.done(StorePage(bytes: ByteBuffer(), next: request.position)) }
    }

    func stop() {
        queue.change { $0.isStopping = true }
    }

    /// The thread's function.
    func run() {
        while true {
            let (requests, isStopping) = queue.wait(until: nil, { $0.isStopping || !$0.requests.isEmpty }) { queue in
                defer { queue.requests = [] }
                return (queue.requests, queue.isStopping)
            }
            for request in requests {
                if isStopping {
                    request.done(StorePage(bytes: ByteBuffer(), next: request.position))
                } else {
                    serve(request)
                }
            }
            if isStopping { return }
        }
    }

    private func serve(_ request: Request) {
        let partition = shared.partitions[request.partition]
        let archive = shared.archive.withLockedValue { $0 }
        switch partition.withState({ $0.place(of: request.position, hasArchive: archive != nil) }) {
        case .memory:
            // The requested position may be a receive time; the offset for it is needed here.
            let next = partition.withState { $0.position(after: request.position, hasArchive: false) }
            let isTime = request.position < StorePosition.logBase
            request.done(StorePage(bytes: ByteBuffer(), next: isTime ? next : request.position))
        case .archive(let after, let before, let following):
            fetch(request, from: archive, after: after, before: before, following: StorePosition.logBase + following)
        case .file(let segment, let offset, let following, let lost, let skipped):
            do throws(StorageError) {
                var page = try shared.page(
                    of: segment, partition, from: offset, following: following, limit: Self.pageBytes)
                page.lostBytes += lost
                page.skippedBytes += skipped
                if failure.withLockedValue({ $0.end() }) { shared.logger.notice("the journal can be read again") }
                request.done(page.page)
            } catch {
                failure.withLockedValue {
                    $0.log(
                        shared.logger, .error, "the journal cannot be read now: \(error)", about: "\(error)")
                }
                request.done(StorePage(bytes: ByteBuffer(), next: request.position))
            }
        }
    }

    private func fetch(
        _ request: Request, from archive: (any Archive)?, after: UInt64, before: UInt64, following: StorePosition
    ) {
        guard let archive, after < before - 1 else {
            return request.done(StorePage(bytes: ByteBuffer(), next: following))
        }
        archive.fetch(
            partition: request.partition, after: after, before: before, topics: request.topics, maxBytes: Self.pageBytes
        ) { page in
            request.done(page.next >= before ? page.followed(by: following) : page)
        }
    }
}
