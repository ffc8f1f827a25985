import Synchronization

/// What a running broker reads again from the disk.
package enum ReloadPart: String, Sendable, CaseIterable {
    case settings
    case certificates
    case rules
}

/// How often that failed, and whether the last attempt did.
final class ReloadCounters: Sendable {
    private struct Part {
        var failures: UInt64 = 0
        var hasFailed = false
    }

    private let parts = Mutex<[ReloadPart: Part]>([:])

    /// Notes an attempt, or what was found without one: `isNew` counts it as a failure of its own.
    func note(_ part: ReloadPart, hasFailed: Bool, isNew: Bool = true) {
        parts.withLock { parts in
            if hasFailed, isNew { parts[part, default: Part()].failures += 1 }
            parts[part, default: Part()].hasFailed = hasFailed
        }
    }

    func failures(_ part: ReloadPart) -> UInt64 { parts.withLock { $0[part]?.failures ?? 0 } }

    func hasFailed(_ part: ReloadPart) -> Bool { parts.withLock { $0[part]?.hasFailed ?? false } }
}
