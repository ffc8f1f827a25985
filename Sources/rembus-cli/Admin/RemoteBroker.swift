import Rembus

/// A running broker that accepts commands of an administrator.
struct RemoteBroker {
    let place: BrokerPlace
    let timeout: TimeSpanOption?

    /// Connects, sends a command and returns the data of the answer.
    ///
    /// - Parameter isLast: Whether the command ends the broker, which may be gone before the answer is received.
    func perform(_ command: AdministrativeCommand, isLast: Bool = false) async throws -> Value {
        for secret in ["pin", "secret"] where command.fields[secret] != nil {
            StandardError.warn(ifReadableByOthers: place.url, secret)
        }
        let component = try await place.connect(place.configuration(timeout))
        do {
            let result = try await component.admin(
                command.name, topic: command.topic, fields: command.fields, timeout: timeout?.duration)
            await component.close()
            return result
        } catch let error as RembusError {
            await component.close()
            if isLast, [.connectionDown, .notConnected, .closed].contains(error.code) { return .null }
            throw failure(of: command, error)
        } catch {
            await component.close()
            throw error
        }
    }

    private func failure(of command: AdministrativeCommand, _ error: RembusError) -> CommandFailure {
        switch error.status {
        case .unknownAdminCommand?:
            return CommandFailure("the broker does not know the command `\(command.name)`", status: .refused)
        default: return CommandFailure(error)
        }
    }
}
