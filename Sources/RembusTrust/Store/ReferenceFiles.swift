import Foundation
import RembusIdentity

/// The files in which brokers of the reference store rights (behaviour.md §19.3).
struct ReferenceFiles: Sendable {
    let directory: String

    private static let maximumBytes = 16 << 20

    /// Imports what `document` does not have yet. Administrators and authorizations are imported once, so that a right
    /// that is withdrawn here does not come back. Plain pins are imported whenever there are any.
    ///
    /// - Returns: The new content of `tenants.json`, with hashes instead of pins; nil when it has no plain pin.
    func absorb(into document: inout TrustDocument) throws(TrustError) -> [UInt8]? {
        if !document.imported.contains("admins.json"), let names = try read([String].self, "admins.json") {
            for name in names { document.admins.insert(name) }
            document.imported.insert("admins.json")
        }
        if !document.imported.contains("topic_auth.json"),
            let topics = try read([String: [String]].self, "topic_auth.json")
        {
            for (topic, names) in topics {
                document.makePrivate(topic)
                for name in names { document.grants.append(Grant(name: name, topic: topic)) }
            }
            document.mergeGrants()
            document.imported.insert("topic_auth.json")
        }
        return try absorbTenants(into: &document)
    }

    /// Replaces `tenants.json`.
    func writeTenants(_ bytes: [UInt8]) throws(TrustError) {
        do {
            try SecretFile.write(bytes, to: path("tenants.json"), exclusively: false)
        } catch {
            throw TrustError(error.message)
        }
    }

    private func absorbTenants(into document: inout TrustDocument) throws(TrustError) -> [UInt8]? {
        guard var tenants = try read([String: String].self, "tenants.json") else { return nil }
        let isFirst = document.imported.insert("tenants.json")
        var hasPlainPin = false
        for (tenant, pin) in tenants {
            if PinHash(pin) == nil {
                let hash = PinHash.make(pin).text
                tenants[tenant] = hash
                document.tenants[tenant] = hash
                hasPlainPin = true
            } else if isFirst {
                document.tenants[tenant] = pin
            }
        }
        guard hasPlainPin else { return nil }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        do {
            return Array(try encoder.encode(tenants)) + [UInt8(ascii: "\n")]
        } catch {
            throw TrustError("cannot write \(path("tenants.json")): \(error)")
        }
    }

    private func read<T: Decodable>(_ type: T.Type, _ name: String) throws(TrustError) -> T? {
        let path = path(name)
        let bytes: [UInt8]?
        do {
            bytes = try SecretFile.readIfPresent(path, limit: Self.maximumBytes, access: .anyone, followsLink: true)
        } catch {
            throw TrustError("rights cannot be taken over, correct the file or move it away: \(error.message)")
        }
        guard let bytes else { return nil }
        do {
            return try JSONDecoder().decode(type, from: Data(bytes))
        } catch {
            throw TrustError("\(path) cannot be used: \(TrustFile.problem(error)); correct it, or move it away")
        }
    }

    private func path(_ name: String) -> String { "\(directory)/\(name)" }
}
