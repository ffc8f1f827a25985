import Rembus

extension Component {
    /// Reports on standard error when the connection is lost and when it is back, until the component ends.
    ///
    /// Throws when the broker ends the component for good.
    func reportConnection() async throws {
        var isLost = false
        for await state in stateUpdates {
            switch state {
            case .reconnecting where !isLost:
                isLost = true
                StandardError.say("the connection to \(url) is lost; trying to get it back")
            case .connected where isLost:
                isLost = false
                StandardError.say("connected to \(url) again")
            case .closed(let reason?): throw reason
            default: break
            }
        }
    }
}
