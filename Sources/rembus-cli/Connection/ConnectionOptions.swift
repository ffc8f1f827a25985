public import ArgumentParser
public import Rembus

/// The broker that a command connects to: the options that all such commands share.
struct ConnectionOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Where the broker is and, behind it, the own name: ws://HOST:PORT/NAME, or parts of it. "
                + "(default: that of the context, else $REMBUS_BASE_URL, else ws://127.0.0.1:8338)"))
    var url: String?

    @Option(help: "The own name. Without one the broker remembers nothing about this component.")
    var name: String?

    @Option(help: "How messages are encoded on the way to the broker.")
    var encoding = MessageEncoding.cbor

    @OptionGroup
    var context: ContextOption

    /// The broker from the options, the context and the environment.
    func place() throws -> BrokerPlace {
        try BrokerPlace.resolve(url, name: name, context: context)
    }

    /// Connects. Errors have the form of this program. `isReactive` is whether subscribing starts delivery.
    func connect(timeout: TimeSpanOption? = nil, isReactive: Bool = true) async throws -> Component {
        let place = try place()
        var configuration = place.configuration(timeout)
        configuration.encoding = encoding
        configuration.isReactive = isReactive
        return try await place.connect(configuration)
    }
}

extension MessageEncoding: ExpressibleByArgument {}
