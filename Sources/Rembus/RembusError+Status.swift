extension RembusError {
    /// The error for an unsuccessful answer: what happened, why, and what to do. Its text contains the number of the
    /// status.
    init(_ status: StatusCode, data: Value, subject: PendingCall.Subject) {
        let detail = Self.detail(data)
        // The broker's text has the number of the status already, so it is complete.
        if detail.contains("(\(status.rawValue))") {
            self.init(.status(status), Self.sentence(detail))
        } else {
            self.init(.status(status), Self.text(status, detail, subject))
        }
    }

    private static func text(_ status: StatusCode, _ detail: String, _ subject: PendingCall.Subject) -> String {
        let (what, number) = (subject.topic, status.rawValue)
        let because = detail.isEmpty ? ", without a reason; see the log of its provider." : ": \(sentence(detail))"
        switch status {
        case .methodException:
            return "`\(what)` failed (\(number))\(because)"
        case .methodArgsError:
            let why = detail.isEmpty || detail == what ? "." : ": \(sentence(detail))"
            return "`\(what)` does not take these arguments (\(number))\(why) Check their number, order and types."
        case .methodNotFound where detail.isEmpty || detail == what:
            return "No component offers method `\(what)` (\(number)). Check the name, or start its provider."
        case .methodUnavailable where detail.isEmpty || detail == what:
            return "`\(what)` has a provider, but it is offline (\(number)). Start it, then retry."
        case .methodUnavailable:
            return "`\(what)` is unavailable (\(number)): \(sentence(detail))"
        case .methodLoopback:
            return "You called your own method `\(what)` (\(number)). Call it from another component."
        case .targetNotFound:
            let target = detail.isEmpty ? "the target" : "the component `\(detail)`"
            return "This broker does not know \(target) (\(number)). Check the name of the target."
        case .targetDown:
            let target = detail.isEmpty ? "The target" : "The component `\(detail)`"
            return "\(target) is known, but offline (\(number)). Start it, then retry."
        case .nameTaken:
            return
                "The broker has a key for `\(what)` already (\(number)). Unregister the name with that key, or choose another."
        default:
            let why = detail.isEmpty ? " without a reason; see its log." : ": \(sentence(detail))"
            return "The broker refused the \(subject) (\(number))\(why)"
        }
    }

    private static func detail(_ data: Value) -> String {
        if data.isNull { return "" }
        return data.stringValue ?? data.description
    }

    private static func sentence(_ text: String) -> String {
        text.last.map { ".!?".contains($0) } == true ? text : text + "."
    }
}
