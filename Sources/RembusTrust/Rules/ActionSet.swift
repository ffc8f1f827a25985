/// A set of ``TrustAction`` in one byte.
struct ActionSet: OptionSet, Sendable {
    let rawValue: UInt8

    static let all = ActionSet(TrustAction.all)

    init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    init(_ action: TrustAction) {
        rawValue =
            switch action {
            case .publish: 1
            case .subscribe: 2
            case .call: 4
            case .expose: 8
            }
    }

    init(_ actions: Set<TrustAction>) {
        self = actions.reduce(into: []) { $0.formUnion(ActionSet($1)) }
    }
}
