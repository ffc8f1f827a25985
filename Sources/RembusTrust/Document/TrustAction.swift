/// What a component does with a private topic.
package enum TrustAction: String, Sendable, CaseIterable, Codable {
    case publish
    case subscribe
    case call
    case expose

    /// What the standard command `authorize` allows (protocol.md §8).
    package static let all = Set(allCases)
}
