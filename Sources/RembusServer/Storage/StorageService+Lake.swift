import RembusBroker
import RembusLake
import RembusTables
import RembusTrust
import RembusWire

extension StorageService {
    /// A method of a table, with the conditions that the broker checks before a call.
    init(_ service: TableService) {
        let tenant: String? = if case .only(let tenant) = service.tenant { tenant.string } else { nil }
        self.init(
            tenant: tenant, action: service.isWriting ? .publish : .subscribe, topics: service.topics
        ) { try await service($0) }
    }

    static let rejectedTopic = "query_rejected"

    /// The method that shows what did not fit its table. The answer contains payloads of all topics, so the caller has
    /// to be an administrator who may read every topic that fills a table.
    static func rejected(of lake: Lake) -> StorageService {
        StorageService(action: .subscribe, topics: lake.fillingTopics, needsAdministrator: true) { arguments, tenant in
            try await lake.queryRejected(arguments, tenant: tenant)
        }
    }
}
