import NIOCore
import RembusTransport

/// Opens connections to ROUTER sockets.
enum Dealer {
    /// Connects. Returns when the peer has shown that it uses ZeroMQ.
    static func connect(
        _ host: String, _ port: Int, on eventLoop: any EventLoop, _ configuration: LinkConfiguration,
        _ makeLink: @escaping SinkDialer.MakeLink
    ) async throws -> DialedConnection {
        let mailbox = try DealerMailbox(lowWaterMark: configuration.lowWaterMark)
        let sink = DealerSink(eventLoop: eventLoop, mailbox: mailbox)
        let ended = eventLoop.makePromise(of: Void.self)
        do {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
                do {
                    try SocketThread.start {
                        let thread = DealerThread(sink, mailbox, configuration)
                        do {
                            try thread.connect(host, port)
                        } catch {
                            thread.abandon()
                            return continuation.resume(throwing: error)
                        }
                        continuation.resume()
                        thread.run()
                        ended.succeed()
                    }
                } catch {
                    continuation.resume(throwing: error)
                }
            }
        } catch {
            ended.succeed()
            throw error
        }
        do {
            try await eventLoop.submit {
                sink.link = makeLink(sink, configuration)
                mailbox.change { $0.isReading = true }
            }.get()
        } catch {
            mailbox.change { $0.isClosing = true }
            throw error
        }
        return DialedConnection(closeFuture: ended.futureResult) { mailbox.change { $0.isClosing = true } }
    }
}

/// Limits on memory.
enum DealerLimits {
    static let maxQueuedMessages = 4096
    static let sharedBodyBytes = 2048
    static let maxHeldBytes = 1 << 20
    static let maxReadMessages = 1024
    static let maxReadBytes = 1 << 20
    /// The bytes that were read and not handled above which reading stops, and below which it continues.
    static let maxUnhandledBytes = 4 << 20
    static let resumeUnhandledBytes = 1 << 20
    /// How long closing waits for what was sent before.
    static let closeTime = TimeAmount.seconds(2)
}
