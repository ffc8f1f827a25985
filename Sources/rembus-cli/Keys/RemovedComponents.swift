import Foundation
import RembusServer
import RembusTrust

/// Components that were removed from brokers of this machine.
enum RemovedComponents {
    /// When a component was last removed from any of these brokers; nil for never.
    ///
    /// Files that cannot be read are skipped, because a certificate can be made on a machine without a broker.
    static func time(of name: String) -> Date? {
        let directory = BrokerSettings.directory()
        let folders = (try? FileManager.default.contentsOfDirectory(atPath: directory.path)) ?? []
        let times = folders.compactMap { folder -> Int64? in
            let file = directory.appendingPathComponent(folder).appendingPathComponent("trust.json")
            guard let data = try? Data(contentsOf: file),
                let document = try? JSONDecoder().decode(TrustDocument.self, from: data)
            else { return nil }
            return document.removed[name].flatMap(RemovalTime.milliseconds)
        }
        return times.max().map { Date(timeIntervalSince1970: Double($0) / 1000) }
    }
}
