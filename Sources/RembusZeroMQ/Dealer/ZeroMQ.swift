import RembusTransport

/// ZeroMQ connections for components.
///
/// The SDK does not need libzmq, so it does not support `zmq://` by itself. A program that uses it depends on the
/// product `RembusZeroMQ` too, needs an installed libzmq (`libzmq3-dev`, `brew install zeromq`), and registers it once:
/// ```swift
/// import Rembus
/// import RembusZeroMQ
///
/// ZeroMQ.register()
/// let component = try await Component.connect("zmq://broker.local:8340/pump7")
/// try await component.publish("plant/7/telemetry", 21.6)
/// ```
/// ZeroMQ connections are not encrypted. Reconnecting, logins with keys, quality of service and back-pressure work as
/// with other URLs.
public enum ZeroMQ {
    /// Makes URLs that begin with `zmq://` use libzmq from now on.
    public static func register() {
        SinkDialer.register(
            SinkDialer { host, port, eventLoop, configuration, makeLink in
                try await Dealer.connect(host, port, on: eventLoop, configuration, makeLink)
            }, scheme: "zmq")
    }
}
