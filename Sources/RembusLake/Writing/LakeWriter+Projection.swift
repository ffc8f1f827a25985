import Logging
import RembusStore

/// The copies of rights and components in the catalog.
extension LakeWriter {
    /// Writes what changed of rights at once, and the component tables seldom enough that marks, which change all the
    /// time, cost little.
    func project() {
        projectTrust()
        let start = ContinuousClock.now
        guard nextProjection <= start || isStopping else { return }
        // A tenth of the writer's time at most.
        defer {
            let end = ContinuousClock.now
            nextProjection = end + max(.seconds(5), (end - start) * 10)
        }
        do throws(LakeError) {
            try connection.inline(true)
            guard try components.write(connection, name: configuration.name) else { return }
            for table in [SystemTable.subscriber, .exposer, .mark, .component] { maintenance.wrote(table.rawValue) }
        } catch {
            componentsLine.log(
                logger, .warning, "the component tables cannot be written now", about: error.message,
                metadata: ["error": "\(error)"])
        }
    }

    private func projectTrust() {
        do throws(LakeError) {
            try connection.inline(true)
            guard try trust.write(connection, name: configuration.name) else { return }
            for table in TrustProjection.tables { maintenance.wrote(table.rawValue) }
        } catch {
            trustLine.log(
                logger, .warning, "the tables of rights cannot be written now", about: error.message,
                metadata: ["error": "\(error)"])
        }
    }
}
