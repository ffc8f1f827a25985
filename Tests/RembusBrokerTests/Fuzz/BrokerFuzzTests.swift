import Foundation
import NIOCore
import RembusWire
import Testing

@testable import RembusBroker

/// Feeds a whole broker with damaged sessions, hundreds of thousands of frames long.
///
/// `REMBUS_FUZZ_CASES` sets how many frames, `REMBUS_FUZZ_SEED` repeats a run. What must hold: no crash, components beside it
/// are served as if nothing was, every session ends, and nothing of it stays in tables or memory.
@Suite("Broker fuzzing")
struct BrokerFuzzTests {
    private static let environment = ProcessInfo.processInfo.environment
    private static let seed = environment["REMBUS_FUZZ_SEED"].flatMap { UInt64($0) } ?? 8338
    private static let cases = environment["REMBUS_FUZZ_CASES"].flatMap { Int($0) } ?? 50_000

    @Test("Damaged sessions", arguments: FuzzSetting.allCases)
    func sessions(setting: FuzzSetting) async {
        let (report, failure) = await withCheckedContinuation { continuation in
            // A thread of its own: the loops are bound to the one that made them, and other tests need theirs.
            Thread {
                do {
                    let run = try FuzzRun(seed: Self.seed, setting)
                    continuation.resume(
                        returning: (try run.run(frames: Self.cases / FuzzSetting.allCases.count), nil as String?))
                } catch {
                    continuation.resume(returning: ("", "\(error)"))
                }
            }.start()
        }
        print("fuzz broker, \(setting): \(report)")
        if let failure { Issue.record("seed \(Self.seed): \(failure)") }
    }
}
