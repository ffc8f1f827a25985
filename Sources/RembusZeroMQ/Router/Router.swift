import CZeroMQ
import NIOCore
import RembusTransport
import Synchronization

/// A ROUTER socket whose connections are links (protocol.md §12).
///
/// A socket of ZeroMQ belongs to one thread. That thread exchanges batches with the event loops on which the links live:
/// what one turn brought for one of them goes there in one piece, and what one unit of work there sends comes back so.
package final class Router: Sendable {
    private let mailbox: RouterMailbox
    private let lanes: [RouterLane]
    /// Where it listens.
    package let port: Int

    private init(mailbox: RouterMailbox, lanes: [RouterLane], port: Int) {
        self.mailbox = mailbox
        self.lanes = lanes
        self.port = port
    }

    /// Starts to listen. Throws an `IOError` when the port cannot be had.
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

    /// Lets nobody in who is not here yet. The port stays taken: libzmq would end the connections with it.
    package func stopAccepting() {
        mailbox.change { $0.isAccepting = false }
    }

    /// Closes the socket when what the event loops have sent so far has left, or does not want to. Once only.
    package func close() async {
        mailbox.change { $0.isReading = false }
        // What was begun there before is in the mailbox then.
        for lane in lanes { try? await lane.eventLoop.submit { lane.handOver() }.get() }
        await withCheckedContinuation { continuation in
            mailbox.change { $0.onEnd = { continuation.resume() } }
        }
    }
}
