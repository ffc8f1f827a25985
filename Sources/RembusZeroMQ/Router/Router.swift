import CZeroMQ
import NIOCore
import RembusTransport
import Synchronization

/// A ROUTER socket whose connections are links (protocol.md §12).
///
/// A ZeroMQ socket belongs to one thread. That thread exchanges batches with the event loops of the links: one for what
/// it has read in a turn for an event loop, and one for what an event loop has sent in a unit of work.
package final class Router: Sendable {
    private let mailbox: RouterMailbox
    private let lanes: [RouterLane]
    /// The port that it listens on.
    package let port: Int

    private init(mailbox: RouterMailbox, lanes: [RouterLane], port: Int) {
        self.mailbox = mailbox
        self.lanes = lanes
        self.port = port
    }

    /// Starts to listen. Throws an `IOError` when the port cannot be bound.
    package static func open(_ settings: RouterSettings) async throws -> Router {
        let mailbox = try RouterMailbox()
        let lanes = settings.eventLoops.enumerated().map {
            RouterLane(index: $0, eventLoop: $1, mailbox: mailbox, settings: settings)
        }
        let port = try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Int, any Error>) in
            do {
                try SocketThread.start {
                    let thread: RouterThread
                    do {
                        thread = try RouterThread(settings, mailbox: mailbox, lanes: lanes)
                    } catch {
                        return continuation.resume(throwing: error)
                    }
                    continuation.resume(returning: thread.port)
                    thread.run()
                }
            } catch {
                continuation.resume(throwing: error)
            }
        }
        return Router(mailbox: mailbox, lanes: lanes, port: port)
    }

    /// Stops accepting peers. The port stays bound, because libzmq would end the connections with it.
    package func stopAccepting() {
        mailbox.change { $0.isAccepting = false }
    }

    /// Closes the socket when everything that the event loops have sent has left, or a time is over. Only once.
    package func close() async {
        mailbox.change { $0.isReading = false }
        // After this, everything that was sent before is in the mailbox.
        for lane in lanes { try? await lane.eventLoop.submit { lane.handOver() }.get() }
        await withCheckedContinuation { continuation in
            mailbox.change { $0.onEnd = { continuation.resume() } }
        }
    }
}
