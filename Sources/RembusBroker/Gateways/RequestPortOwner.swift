/// What concerns all requests of a port. Every call comes on its event loop.
package protocol RequestPortOwner: AnyObject {
    /// Whether the broker takes more for the moment.
    func port(_ port: RequestPort, takes isTaking: Bool)
    /// Completions were called: what they have handed over is a unit of work, which is to end now.
    func portAnswered(_ port: RequestPort)
    /// A unit of work of the session has ended.
    func portRests(_ port: RequestPort)
    /// The session has ended. What is still open hears so later, and ``portEnded(_:)`` comes behind it.
    func portEnds(_ port: RequestPort)
    /// Everybody has been told.
    func portEnded(_ port: RequestPort)
}
