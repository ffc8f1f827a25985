import NIOCore
import RembusTransport
import Testing

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

struct NetworkProblemTests {
    static let errors: [(any Error & Sendable, NetworkProblem)] = [
        (IOError(errnoCode: ECONNREFUSED, reason: "connect"), .refused),
        (IOError(errnoCode: ENETUNREACH, reason: "connect"), .unreachable),
        (IOError(errnoCode: EHOSTUNREACH, reason: "connect"), .unreachable),
        (IOError(errnoCode: ETIMEDOUT, reason: "connect"), .timedOut),
        (IOError(errnoCode: ECONNRESET, reason: "read"), .broken),
        (IOError(errnoCode: EPIPE, reason: "write"), .broken),
        (IOError(errnoCode: EMFILE, reason: "socket"), .tooManyFiles),
        (IOError(errnoCode: EACCES, reason: "connect"), .forbidden),
        (IOError(errnoCode: ENOSPC, reason: "write"), .system("No space left on device")),
        (ChannelError.connectTimeout(.seconds(1)), .timedOut),
        (ChannelError.ioOnClosedChannel, .broken),
        (SocketAddressError.unsupported, .unknownHost),
        (CancellationError(), .unexpected),
    ]

    @Test func everyErrorIsSortedAndSaysWhatToDo() {
        for (error, problem) in Self.errors {
            #expect(NetworkProblem(error) == problem, "\(error)")
            let failure = ConnectFailure("h:1", error)
            #expect(failure.kind == (problem == .refused ? .refused : .other))
            #expect(failure.description == "cannot connect to h:1: \(problem.reason)")
            #expect(!problem.reason.hasSuffix("."))
            for leak in ["NIO", "Error", "errno", "ChannelError", "SocketAddress"] {
                #expect(!failure.sentence("ws://h:1", server: "a broker", start: "rembus broker").contains(leak))
            }
        }
    }

    @Test func whoeverRefusesMayNotBeRunning() {
        let failure = ConnectFailure("h:1", IOError(errnoCode: ECONNREFUSED, reason: "connect"))
        #expect(
            failure.sentence("ws://h:1", server: "a broker", start: "rembus broker")
                == "Cannot connect to ws://h:1: connection refused; is a broker running? Start one with `rembus broker`."
        )
        #expect(
            failure.sentence("mqtt://h:1", server: "an MQTT server", start: nil)
                == "Cannot connect to mqtt://h:1: connection refused; is an MQTT server running?")
    }
}
