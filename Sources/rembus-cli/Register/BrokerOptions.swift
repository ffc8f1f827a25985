import ArgumentParser
import Rembus

/// Which broker a command is about whose component has its name elsewhere on the command line.
struct BrokerOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Where the broker is: ws://HOST:PORT, or parts of it. (default: $REMBUS_BASE_URL, else ws://127.0.0.1:8338)"
        ))
    var url: String?

    @Option(help: "How messages are encoded on the way to the broker.")
    var encoding = MessageEncoding.cbor

    /// The broker with the name of the component.
    func url(of name: String) throws -> RembusURL {
        try ConnectionOptions.resolve(url, name: name)
    }

    func configuration(_ timeout: TimeSpanOption?) -> ComponentConfiguration {
        ComponentConfiguration {
            $0.encoding = encoding
            $0.requestTimeout = timeout?.duration
            // A tool that cannot connect says so at once, whatever a settings file says about programs.
            $0.startAnyway = false
        }
    }
}
