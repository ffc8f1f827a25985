import RembusBroker
import RembusMQTT
import RembusTransport

/// The URL of the bridge: `mqtt[s]://[user[:password]@]host[:port][/clientid]`.
struct MQTTBridgeURL: Sendable, CustomStringConvertible {
    var isSecure: Bool
    var host: String
    var port: Int
    var userName: String?
    var password: String?
    /// The client identifier; nil for a random one at each start, whose session the MQTT broker does not keep for long.
    var clientID: String?

    init(_ text: String) throws(BrokerError) {
        // No error message contains the text, because it may have a password in it.
        func failure(_ problem: String) -> BrokerError {
            BrokerError("--mqtt: the URL \(problem); it looks like mqtt[s]://[user:password@]host[:port][/clientid]")
        }
        guard let mark = text.firstRange(of: "://") else { throw failure("has no protocol") }
        switch text[..<mark.lowerBound].lowercased() {
        case "mqtt": isSecure = false
        case "mqtts": isSecure = true
        default: throw failure("is not one of mqtt or mqtts")
        }
        var rest = text[mark.upperBound...]
        if let slash = rest.firstIndex(of: "/") {
            guard let name = Self.decoded(rest[rest.index(after: slash)...]), !name.contains("\0") else {
                throw failure("has a client identifier that is no text")
            }
            clientID = name.isEmpty ? nil : name
            rest = rest[..<slash]
        }
        if let at = rest.lastIndex(of: "@") {
            let parts = rest[..<at].split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            guard let user = Self.decoded(parts[0]) else { throw failure("has a user name that is no text") }
            userName = user
            if parts.count > 1 {
                guard let password = Self.decoded(parts[1]) else { throw failure("has a password that is no text") }
                self.password = password
            }
            rest = rest[rest.index(after: at)...]
        }
        var portText: Substring?
        if rest.hasPrefix("[") {
            guard let end = rest.firstIndex(of: "]") else { throw failure("has an IPv6 address without ]") }
            host = String(rest[rest.index(after: rest.startIndex)..<end])
            let behind = rest[rest.index(after: end)...]
            guard behind.isEmpty || behind.hasPrefix(":") else { throw failure("has text behind the address") }
            portText = behind.isEmpty ? nil : behind.dropFirst()
        } else if let colon = rest.firstIndex(of: ":") {
            host = String(rest[..<colon])
            portText = rest[rest.index(after: colon)...]
        } else {
            host = String(rest)
        }
        let isPlain = host.unicodeScalars.allSatisfy { $0.value > 0x20 && $0 != "%" && $0 != "?" && $0 != "#" }
        guard !host.isEmpty, isPlain else { throw failure("has no host") }
        port = isSecure ? 8883 : 1883
        if let portText, !portText.isEmpty {
            guard let number = Int(portText), portText.allSatisfy(\.isNumber), (1...65535).contains(number) else {
                throw failure("has a port that is not 1 to 65535")
            }
            port = number
        }
    }

    /// Decodes percent encoding; nil when the result is not UTF-8.
    private static func decoded(_ text: Substring) -> String? {
        guard text.contains("%") else { return String(text) }
        var (bytes, rest) = ([UInt8](), Array(text.utf8)[...])
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let high = rest.popFirst().flatMap(digit), let low = rest.popFirst().flatMap(digit) else {
                return nil
            }
            bytes.append(high << 4 | low)
        }
        return String(validating: bytes, as: UTF8.self)
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        Character(UnicodeScalar(byte)).hexDigitValue.map(UInt8.init)
    }

    /// The URL without user, password and client identifier.
    var description: String {
        "\(isSecure ? "mqtts" : "mqtt")://\(host.contains(":") ? "[\(host)]" : host):\(port)"
    }

    func options(_ limits: LinkConfiguration) -> MQTTClientOptions {
        var options = MQTTClientOptions(clientID: clientID ?? "rembus-\(UInt64.random(in: 1 << 60...UInt64.max))")
        options.userName = userName
        options.password = password.map { Array($0.utf8) }
        options.maxPacketBytes = limits.maxMessageBytes
        // With a client identifier, the MQTT broker keeps messages while this broker restarts.
        options.cleanStart = clientID == nil
        options.mayKeepForever = clientID != nil
        options.sessionExpiry = clientID == nil ? 600 : 7 * 86_400
        return options
    }
}
