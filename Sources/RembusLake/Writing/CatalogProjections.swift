import Logging
import RembusStore

/// The copies of rights and components in the catalog. Changes of rights are written at once. The component tables are
/// written less often, so that marks, which change all the time, cost little.
///
/// Used on the writer's thread only.
struct CatalogProjections {
    /// Limits how often the component tables are written.
    struct Pace {
        private static let shortestPause = Duration.seconds(5)

        private var next: ContinuousClock.Instant?

        func isDue(_ now: ContinuousClock.Instant) -> Bool { next.map { $0 <= now } ?? true }

        /// At most a tenth of the writer's time.
        mutating func wrote(from start: ContinuousClock.Instant, to end: ContinuousClock.Instant) {
            next = end + max(Self.shortestPause, (end - start) * 10)
        }
    }

    private let components: ComponentProjection
    private let trust: TrustProjection
    /// The broker's name.
    private let name: String
    private let logger: Logger
    private var pace = Pace()
    private var componentsLine = RepeatedLine()
    private var trustLine = RepeatedLine()

    init(_ components: ComponentProjection, _ trust: TrustProjection, name: String, logger: Logger) {
        self.components = components
        self.trust = trust
        self.name = name
        self.logger = logger
    }

    /// Writes what is due. Returns the tables that were written.
    /// - Parameter isLast: Whether this is the last time, when everything is due.
    mutating func write(_ connection: DatabaseConnection, isLast: Bool) -> [SystemTable] {
        var written: [SystemTable] = []
        do throws(LakeError) {
            try connection.inline(true)
            if try trust.write(connection, name: name) { written += TrustProjection.tables }
        } catch {
            trustLine.log(
                logger, .warning, "the tables of rights cannot be written now", about: error.message,
                metadata: ["error": "\(error)"])
        }
        let start = ContinuousClock.now
        guard isLast || pace.isDue(start) else { return written }
        defer { pace.wrote(from: start, to: .now) }
        do throws(LakeError) {
            try connection.inline(true)
            if try components.write(connection, name: name) {
                written += [.subscriber, .exposer, .mark, .component]
            }
        } catch {
            componentsLine.log(
                logger, .warning, "the component tables cannot be written now", about: error.message,
                metadata: ["error": "\(error)"])
        }
        return written
    }
}
