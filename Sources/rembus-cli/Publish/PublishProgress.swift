import Foundation
import Rembus
import Synchronization

/// How far `rembus pub` has got: shown on a terminal while it takes long, and said when it does not come to its end.
final class PublishProgress: Sendable {
    private let qos: QoS
    /// How many publications there are to be; nil when that cannot be known, as with a pipe.
    private let total: Mutex<Total>
    private let published = Atomic<Int>(0)
    private let acknowledged = Atomic<Int>(0)

    private enum Total {
        case known(Int?)
        /// The lines of a file that nobody has counted yet.
        case lines(String)
    }

    /// From when on something takes long, and how often it is shown how far it is.
    private static let patience = Duration.seconds(2)
    private static let interval = Duration.milliseconds(500)

    /// - Parameter source: The file whose lines are published, `-` for standard input; nil for `count` publications.
    init(qos: QoS, count: Int, source: String?) {
        self.qos = qos
        total = Mutex(source.map { $0 == "-" ? .known(nil) : .lines($0) } ?? .known(count))
        isSingle = source == nil && count == 1
    }

    /// One publication is there or not; there is no middle.
    private let isSingle: Bool

    // MARK: Counting

    /// A publication is on its way.
    func began() { published.add(1, ordering: .relaxed) }

    /// The broker has acknowledged one, or at QoS 0 the network has taken it.
    func ended() { acknowledged.add(1, ordering: .relaxed) }

    /// `published 7 of 20; 6 acknowledged`.
    var sentence: String {
        let all = countAll().map { " of \($0)" } ?? ""
        let answers =
            qos == .atMostOnce
            ? "QoS 0 has no acknowledgements" : "\(acknowledged.load(ordering: .relaxed)) acknowledged"
        let count =
            qos == .atMostOnce ? acknowledged.load(ordering: .relaxed) : published.load(ordering: .relaxed)
        return "published \(count)\(all); \(answers)"
    }

    /// A file is counted when somebody wants to know, which is not usual.
    private func countAll() -> Int? {
        total.withLock { total in
            if case .lines(let path) = total { total = .known(LineReader.count(path)) }
            if case .known(let count) = total { return count }
            return nil
        }
    }

    // MARK: Saying

    /// The error with how far it was.
    func explain(_ error: any Error) -> any Error {
        guard !isSingle else { return error }
        let failure = error as? CommandFailure ?? (error as? RembusError).map { CommandFailure($0) }
        guard let failure else { return error }
        return CommandFailure("\(failure.description); \(sentence)", status: failure.status)
    }

    /// Shows on a terminal how far it is, until the task is cancelled.
    func show() async throws {
        guard Terminal.isError, !isSingle else { return }
        defer { StandardError.clearProgress() }
        try await Task.sleep(for: Self.patience)
        while true {
            StandardError.show(progress: sentence)
            try await Task.sleep(for: Self.interval)
        }
    }

    /// Says how far it is when a signal ends the process, and lets it end in the way that the shell expects.
    func sayWhenInterrupted() {
        DeadlySignals.beforeEnd { [self] in StandardError.say("interrupted: \(sentence)") }
    }
}
