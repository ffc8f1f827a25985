@testable import Rembus

extension Task where Failure == any Error {
    /// What the task threw, when that was one of our errors.
    var rembusError: RembusError? {
        get async {
            do {
                _ = try await value
                return nil
            } catch {
                return error as? RembusError
            }
        }
    }
}
