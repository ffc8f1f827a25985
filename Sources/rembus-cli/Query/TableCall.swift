import Rembus

/// A call of one of the methods that a broker has for each table.
struct TableCall {
    let connection: ConnectionOptions
    let timeout: TimeSpanOption?

    /// Connects, calls `<service>_<table>` and returns the result.
    func perform(_ service: String, on table: String, _ arguments: [Value]) async throws -> Value {
        try TopicCheck.refusePattern(table, service, "table")
        let component = try await connection.connect(timeout: timeout)
        do {
            let result = try await component.callValue(
                "\(service)_\(table)", arguments: arguments, timeout: timeout?.duration)
            await component.close()
            return result
        } catch let error as RembusError where error.status == .methodNotFound {
            await component.close()
            throw CommandFailure(
                "the broker has no table \(quoted(table)); tables are declared with `rembus broker --schema FILE`",
                status: .refused)
        } catch {
            await component.close()
            throw error
        }
    }
}
