import Foundation
import Rembus
import Synchronization

/// The progress of `rembus pub`. It is shown on a terminal if the command takes long, and reported if the command does
/// not finish.
final class PublishProgress: Sendable {
    private let qos: QoS
    /// The total number of publications; nil when it is not known, as with a pipe.
    private let total: Mutex<Total>
    private let published = Atomic<Int>(0)
    private let acknowledged = Atomic<Int>(0)

    private enum Total {
        case known(Int?)
        /// The number of lines of this file, which were not counted yet.
        case lines(String)
    }

    /// The time after which progress is shown.
    private static let delay = Duration.seconds(2)
    private static let interval = Duration.milliseconds(500)

    /// - Parameter source: The file whose lines are published, `-` for standard input; nil for `count` publications.
    init(qos: QoS, count: Int, source: String?) {
        self.qos = qos
        total = Mutex(source.map { $0 == "-" ? .known(nil) : .lines($0) } ?? .known(count))
        isSingle = source == nil && count == 1
    }

    /// Whether there is just one publication, whose progress is of no interest.
    private let isSingle: Bool

    // MARK: Counting

    /// Counts a publication that was sent.
    func began() { published.add(1, ordering: .relaxed) }

    /// Counts a publication that was acknowledged or, at QoS 0, written to the network.
    func ended() { acknowledged.add(1, ordering: .relaxed) }

    /// The progress as text: `published 7 of 20; 6 acknowledged`.
    var sentence: String {
        let all = countAll().map { " of \($0)" } ?? ""
        let answers =
            qos == .atMostOnce
            ? "QoS 0 has no acknowledgements" : "\(acknowledged.load(ordering: .relaxed)) acknowledged"
        let count =
            qos == .atMostOnce ? acknowledged.load(ordering: .relaxed) : published.load(ordering: .relaxed)
        return "published \(count)\(all); \(answers)"
    }

    /// The total. The lines of a file are counted only when this is asked for.
    private func countAll() -> Int? {
        total.withLock { total in
            if case .lines(let path) = total { total = .known(LineReader.count(path)) }
            if case .known(let count) = total { return count }
            return nil
        }
    }

    // MARK: Reporting

    /// The error together with the progress so far.
    func explain(_ error: any Error) -> any Error {
        guard !isSingle else { return error }
        let failure = error as? CommandFailure ?? (error as? RembusError).map { CommandFailure($0) }
        guard let failure else { return error }
        return CommandFailure("\(failure.description); \(sentence)", status: failure.status)
    }

    /// Shows the progress on a terminal, until the task is cancelled.
    func show() async throws {
        guard Terminal.isError, !isSingle else { return }
        defer { StandardError.clearProgress() }
        try await Task.sleep(for: Self.delay)
        while true {
            StandardError.show(progress: sentence)
            try await Task.sleep(for: Self.interval)
        }
    }

    /// Reports the progress when a signal ends the process, and ends it in the way that shells expect.
    func sayWhenInterrupted() {
        DeadlySignals.beforeEnd { [self] in StandardError.say("interrupted: \(sentence)") }
    }
}
