import ArgumentParser
import Rembus

/// The broker of a command, for commands that have the component's name elsewhere on the command line.
struct BrokerOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Where the broker is: ws://HOST:PORT, or parts of it. (default: $REMBUS_BASE_URL, else ws://127.0.0.1:8338)"
        ))
    var url: String?

    @Option(help: "How messages are encoded on the way to the broker.")
    var encoding = MessageEncoding.cbor

    /// The URL of the broker with the name of the component.
    func url(of name: String) throws -> RembusURL {
        try ConnectionOptions.resolve(url, name: name)
    }

    func configuration(_ timeout: TimeSpanOption?) -> ComponentConfiguration {
        ComponentConfiguration {
            $0.encoding = encoding
            $0.requestTimeout = timeout?.duration
            // A command that cannot connect fails at once, whatever the settings say about programs.
            $0.startAnyway = false
        }
    }
}
