/// Events that concern all requests of a port. Every method is called on the port's event loop.
package protocol RequestPortOwner: AnyObject {
    /// The broker has started or stopped accepting requests.
    func port(_ port: RequestPort, takes isTaking: Bool)
    /// Completions were called. The owner has to end the unit of work with the requests that they have made.
    func portAnswered(_ port: RequestPort)
    /// A unit of work of the session has ended.
    func portRests(_ port: RequestPort)
    /// The session has ended. Completions of open requests are called after this, and ``portEnded(_:)`` after them.
    func portEnds(_ port: RequestPort)
    /// All completions were called.
    func portEnded(_ port: RequestPort)
}
