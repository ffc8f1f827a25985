/// An action of a component on a private topic.
package enum TrustAction: String, Sendable, CaseIterable, Codable {
    case publish
    case subscribe
    case call
    case expose

    /// The actions that the command `authorize` grants (protocol.md §8).
    package static let all = Set(allCases)
}
