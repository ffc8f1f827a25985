import Foundation
import NIOCore
package import RembusBroker
import RembusListening
import RembusStore

/// Checks for problems of a start that are not in the settings: a broker that runs already, or ports that are in use.
/// Changes nothing.
package struct StartCheck {
    let configuration: BrokerConfiguration

    package init(configuration: BrokerConfiguration) { self.configuration = configuration }

    /// A listener that the settings ask for.
    private struct Listener {
        let key: String
        let address: ListenAddress
    }

    /// All problems, a sentence each.
    package func problems() -> [String] {
        var problems: [String] = []
        var taken: [String: String] = [:]
        for listener in listeners {
            let name = BrokerSettings.origin(of: listener.key, in: configuration).text
            if let other = taken.updateValue(name, forKey: listener.address.text) {
                problems.append("\(other) and \(name) are both \(listener.address.text)")
            } else if let error = Self.obstacle(to: listener.address) {
                problems.append(BrokerError.cannotListen(listener.address, option: name, error).description)
            }
        }
        return problems
    }

    /// The broker that uses the folder: `a broker (process 17) runs on /var/lib/rembus already`; nil if there is none.
    /// The ports of that broker are in use too, so they are not checked then.
    package var runningBroker: String? {
        let folder = configuration.folder
        for lock in ["journal/lock", "components.lock"] {
            if let holder = LockHolder(of: folder.appendingPathComponent(lock).path) {
                return "a broker\(holder.note) runs on \(folder.path) already"
            }
        }
        return nil
    }

    /// The listeners with a fixed port.
    private var listeners: [Listener] {
        let gateways = configuration.gateways
        let all: [(key: String, port: Int?, socket: String?)] = [
            ("port", configuration.port, configuration.socket), ("tcp", configuration.tcpPort, configuration.tcpSocket),
            ("zmq", gateways.zmqPort, gateways.zmqSocket), ("http", gateways.httpPort, gateways.httpSocket),
            ("mqtt_listen", gateways.mqttPort, gateways.mqttSocket),
            ("prometheus", gateways.prometheusPort, gateways.prometheusSocket),
        ]
        return all.compactMap { key, port, socket in
            guard socket != nil || (port ?? 0) != 0 else { return nil }
            return Listener(key: key, address: configuration.address(port ?? 0, socket))
        }
    }

    /// Why a listener cannot be opened at this address now; nil when it can. A host that cannot be resolved is reported
    /// elsewhere.
    private static func obstacle(to address: ListenAddress) -> (any Error)? {
        do {
            switch address {
            case .socket(let path, _): try UnixSocketFile.check(path)
            case .port(let host, let port):
                guard let resolved = try? SocketAddress.makeAddressResolvingHost(host, port: port) else { return nil }
                try bind(resolved)
            }
            return nil
        } catch {
            return error
        }
    }

    /// Binds a socket as a listener does, and closes it.
    private static func bind(_ address: SocketAddress) throws {
        #if canImport(Darwin)
        let kind = SOCK_STREAM
        #else
        let kind = CInt(SOCK_STREAM.rawValue)
        #endif
        let descriptor = socket(CInt(address.protocol.rawValue), kind, 0)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        var on: CInt = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<CInt>.size))
        let result = address.withSockAddr { Foundation.bind(descriptor, $0, socklen_t($1)) }
        if result != 0 { throw IOError(errnoCode: errno, reason: "bind") }
    }
}
