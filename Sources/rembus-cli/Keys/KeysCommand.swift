import ArgumentParser

struct KeysCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys",
        abstract: "Make certificates for TLS, and look after the keys that a broker knows.",
        discussion: """
            `init` makes a private certificate authority and a certificate for the broker, which then serves wss:// with \
            `rembus broker --secure --authenticated`. Clients need the authority's certificate, ca.crt, and nothing else. With `client` a \
            component gets a certificate of its own, which can replace its login (mutual TLS).

            The keystore is --dir, else $REMBUS_KEYSTORE, else $REMBUS_DIR/keystore:
              ca.crt, ca.key           the authority; ca.key is for `renew` and `client` only
              rembus.crt, rembus.key   the broker's certificate
              clients/                 certificates of components

            Examples:
              rembus keys init --host broker.example.org --host 192.0.2.7
              rembus broker --secure --authenticated --host 0.0.0.0
              rembus keys renew            # a running broker takes it within seconds
              rembus keys client pump7
              rembus keys show
              rembus keys list             # components that have registered a key
            """,
        subcommands: [
            KeysInitCommand.self, KeysRenewCommand.self, KeysClientCommand.self, KeysShowCommand.self,
            KeysFingerprintCommand.self, KeysListCommand.self, KeysRemoveCommand.self, KeysSecretCommand.self,
        ])
}
