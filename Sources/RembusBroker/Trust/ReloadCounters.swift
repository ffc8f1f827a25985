import Synchronization

/// The files that a running broker reads again.
package enum ReloadPart: String, Sendable, CaseIterable {
    case settings
    case certificates
    case rules
}

/// The number of failed attempts to read a file again, and whether the last attempt failed.
final class ReloadCounters: Sendable {
    private struct Part {
        var failures: UInt64 = 0
        var hasFailed = false
    }

    private let parts = Mutex<[ReloadPart: Part]>([:])

    /// Records the result of an attempt, or of a check without one. `isNew` says whether a failure counts as another
    /// one.
    func note(_ part: ReloadPart, hasFailed: Bool, isNew: Bool = true) {
        parts.withLock { parts in
            if hasFailed, isNew { parts[part, default: Part()].failures += 1 }
            parts[part, default: Part()].hasFailed = hasFailed
        }
    }

    func failures(_ part: ReloadPart) -> UInt64 { parts.withLock { $0[part]?.failures ?? 0 } }

    func hasFailed(_ part: ReloadPart) -> Bool { parts.withLock { $0[part]?.hasFailed ?? false } }
}
