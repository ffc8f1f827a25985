import ArgumentParser
import Rembus

/// The broker of a command, for commands that have the component's name elsewhere on the command line.
struct BrokerOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Where the broker is: ws://HOST:PORT, or parts of it. (default: that of the context, else $REMBUS_BASE_URL, "
                + "else ws://127.0.0.1:8338)"))
    var url: String?

    @Option(help: "How messages are encoded on the way to the broker.")
    var encoding = MessageEncoding.cbor

    @OptionGroup
    var context: ContextOption

    /// The broker, with the name of the component.
    func place(of name: String) throws -> BrokerPlace {
        try BrokerPlace.resolve(url, name: name, context: context)
    }

    func configuration(_ place: BrokerPlace, _ timeout: TimeSpanOption?) -> ComponentConfiguration {
        var configuration = place.configuration(timeout)
        configuration.encoding = encoding
        return configuration
    }
}
