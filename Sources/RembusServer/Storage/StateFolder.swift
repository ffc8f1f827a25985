import Foundation
import Logging
import RembusBroker
import RembusIdentity
import RembusLake
import RembusStore
import RembusTrust

/// The folder of a broker's state. It contains messages, hashes of pins, and keys, so only the broker's user has
/// access.
struct StateFolder {
    /// `$REMBUS_DIR`.
    let root: String
    /// The broker's name, which is that of the folder in `root`.
    let name: String
    let logger: Logger
    /// Files outside of the folder that the settings name.
    private let elsewhere: [String]
    private let catalogIsDefault: Bool

    /// Files of an earlier run that are missing now.
    private(set) var lost: [String] = []

    var path: String { "\(root)/\(name)" }

    init(_ configuration: BrokerConfiguration, logger: Logger) {
        root = configuration.root.path
        name = configuration.name
        self.logger = logger
        catalogIsDefault = configuration.storage.lakeURL == nil
        let catalog = configuration.storage.lakeURL.flatMap { try? CatalogLocation(url: $0) }?.file
        elsewhere = [catalog, configuration.storage.lakeDataPath].compactMap { $0 }.filter { !$0.contains("://") }
    }

    /// Closes the folder to other users.
    ///
    /// - Throws: A ``BrokerError`` when the folder belongs to another user, who could replace what is in it.
    mutating func secure() throws {
        try checkOwner()
        warnOfRoot()
        for folder in [path, "\(path)/keys"] { SecretFile.removeUnfinished(in: folder) }
        var sweep = ModeSweep()
        sweep.tightenState(path)
        for sibling in siblings() { sweep.tighten("\(root)/\(sibling)") }
        report(sweep)
        if let folder = sweep.unusable.first {
            throw BrokerError(
                "the folder \(folder.path) cannot be used: \(folder.reason); the broker reads and writes it, `chmod -R u+rwX` gives its user the rights"
            )
        }
        lost = StateManifest(folder: path).lost()
        StateManifest(folder: path).report(lost, logger)
        try requireKeys()
        try requireCatalog()
        for file in elsewhere {
            guard let mode = FileStatus(file)?.mode, mode & 0o007 != 0 else { continue }
            logger.warning("\(file) is open to every user of this machine; `chmod o= '\(file)'` closes it")
        }
    }

    /// Closes the files of the catalog to other users, and warns where that is not enough. DuckDB makes them with the
    /// mode that the mask of the process leaves. A server inside of a program does not change that mask.
    func secureCatalog() {
        var sweep = ModeSweep()
        for sibling in siblings() { sweep.tighten("\(root)/\(sibling)") }
        for failure in sweep.failures { logger.error("\(failure)") }
        guard catalogIsDefault, let status = FileStatus(root), status.mode & 0o011 != 0 else { return }
        logger.warning(
            "\(root) can be entered by other users, and DuckDB makes files in it with the rights that this program's mask leaves; `chmod 700 '\(root)'`, or set the mask to 077"
        )
    }

    /// Records which files are in the folder, for the next start.
    func remember(isAtEnd: Bool) {
        guard FileStatus(path) != nil else { return }
        StateManifest(folder: path).write(isAtEnd: isAtEnd, logger)
    }

    /// Throws when rights were lost of which there is no copy.
    func requireRules(_ trust: TrustStore) throws {
        guard lost.contains("trust.json"), trust.isNew, trust.document == TrustDocument() else { return }
        throw BrokerError(
            "\(path)/trust.json is lost and so is every copy of it: topics that were private would be public. Restore it, or write {\"private_topics\": []} into it if there were none"
        )
    }

    /// Throws when a file has the place of the folder of keys. Without that folder nobody could prove a name.
    private func requireKeys() throws {
        guard let status = FileStatus("\(path)/keys"), !status.isFolder else { return }
        throw BrokerError("\(path)/keys is no folder, but the keys of components belong there; move it away")
    }

    /// Throws when there are data files but no catalog. A new catalog would not know the files, and they would be
    /// deleted.
    private func requireCatalog() throws {
        guard catalogIsDefault, (FileStatus("\(root)/\(name).ducklake")?.byteCount ?? 0) == 0 else { return }
        let tables = FileManager.default.enumerator(atPath: "\(path)/main")
        guard let tables, tables.contains(where: { ($0 as? String)?.hasSuffix(".parquet") == true }) else { return }
        throw BrokerError(
            "\(root)/\(name).ducklake is missing or empty, but \(path)/main has data files that only it knows; restore it, or move that folder away"
        )
    }

    /// The files of the catalog.
    private func siblings() -> [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: root)) ?? []
        return names.filter { $0 == "\(name).spill" || $0 == "\(name).ducklake" || $0.hasPrefix("\(name).ducklake.") }
    }

    private func checkOwner() throws {
        guard let status = FileStatus(path) else { return }
        guard status.isFolder else {
            throw BrokerError("\(path) is no folder, but the broker's state belongs there; move it away")
        }
        guard !status.isOurs else { return }
        let owner = "\(path) belongs to \(status.ownerName), not to \(FileStatus.ourName), as whom the broker runs"
        // Volumes of a container often belong to another user. Root has access to everything anyway.
        guard geteuid() == 0 || status.owner == 0 else {
            throw BrokerError("\(owner); run it as \(status.ownerName), or `chown -R` the folder")
        }
        logger.warning("\(owner)\(status.mode & 0o022 != 0 ? ", and others may change what is in it" : "")")
    }

    /// Warns when another user could rename files in `$REMBUS_DIR`, and so replace the broker's folder.
    private func warnOfRoot() {
        guard let status = FileStatus(root), status.mode & 0o022 != 0, status.mode & 0o1000 == 0 else { return }
        logger.warning("\(root) can be changed by other users, the broker's state with it; `chmod go-w '\(root)'`")
    }

    private func report(_ sweep: ModeSweep) {
        if let first = sweep.tightened.first {
            logger.warning(
                "\(sweep.tightened.count) files and folders of the broker's state were open to other users, \(first) among them; they are closed now"
            )
        }
        if let first = sweep.foreign.first {
            logger.warning(
                "\(sweep.foreign.count) files of the broker's state belong to another user, \(first) among them; `chown -R \(FileStatus.ourName) '\(path)'` makes them the broker's"
            )
        }
        for failure in sweep.failures { logger.error("\(failure)") }
    }
}
