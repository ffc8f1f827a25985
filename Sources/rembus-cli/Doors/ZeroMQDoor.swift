#if ZeroMQ
import RembusBroker
import RembusTransport
import RembusZeroMQ

/// The broker's ROUTER socket (protocol.md §12).
struct ZeroMQDoor: Door {
    let option = "--zmq"
    let port: Int?

    init(listeningOn port: Int) {
        self.port = port
    }

    func open(on host: DoorHost) async throws -> OpenDoor {
        throw BrokerError("zmq is not built yet")
    }
}
#endif
