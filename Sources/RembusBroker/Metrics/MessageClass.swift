import RembusWire

/// The kinds of messages that are counted separately.
enum MessageClass: Int, CaseIterable {
    case publishAtMostOnce, publishAtLeastOnce, publishExactlyOnce, request, response, acknowledgement, control

    /// The class of a publication.
    @inline(__always)
    init(_ flags: PublishFlags) {
        switch flags.qos {
        case .atMostOnce: self = .publishAtMostOnce
        case .atLeastOnce: self = .publishAtLeastOnce
        case .exactlyOnce: self = .publishExactlyOnce
        }
    }

    @inline(__always)
    init(_ header: FrameHeader) {
        switch header.kind {
        case .publish: self.init(header.flags)
        case .request: self = .request
        case .response: self = .response
        case .ack, .ack2: self = .acknowledgement
        }
    }

    init(_ message: Message) {
        switch message {
        case .publish(let publish): self.init(publish.flags)
        case .request: self = .request
        case .response: self = .response
        case .ack, .ack2: self = .acknowledgement
        default: self = .control
        }
    }

    /// The values of the labels `type` and `qos`.
    var labels: [(String, String)] {
        switch self {
        case .publishAtMostOnce: [("type", "publish"), ("qos", "0")]
        case .publishAtLeastOnce: [("type", "publish"), ("qos", "1")]
        case .publishExactlyOnce: [("type", "publish"), ("qos", "2")]
        case .request: [("type", "request")]
        case .response: [("type", "response")]
        case .acknowledgement: [("type", "ack")]
        case .control: [("type", "control")]
        }
    }
}
