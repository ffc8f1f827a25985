import RembusTransport

/// ZeroMQ connections for components.
///
/// The SDK does not need libzmq and so does not know `zmq://` by itself. A program that wants it depends on the product
/// `RembusZeroMQ` too, has libzmq installed (`libzmq3-dev`, `brew install zeromq`), and says so once:
/// ```swift
/// import Rembus
/// import RembusZeroMQ
///
/// ZeroMQ.register()
/// let component = try await Component.connect("zmq://broker.local:8340/pump7")
/// try await component.publish("plant/7/telemetry", 21.6)
/// ```
/// ZeroMQ connections are not encrypted. Everything else is as with other URLs: reconnecting, logins with keys, quality of
/// service, back-pressure.
public enum ZeroMQ {
    /// Has URLs that begin with `zmq://` dialed through libzmq from now on.
    public static func register() {
        SinkDialer.register(
            SinkDialer { host, port, eventLoop, configuration, makeLink in
                try await Dealer.connect(host, port, on: eventLoop, configuration, makeLink)
            }, scheme: "zmq")
    }
}
