import Foundation
import RembusStore

/// Removes the access of other users to files and folders, and records which had some.
struct ModeSweep {
    private(set) var tightened: [String] = []
    /// Files that belong neither to the broker's user nor to root.
    private(set) var foreign: [String] = []
    private(set) var failures: [String] = []
    /// Folders in which the broker cannot work, with the system's reason.
    private(set) var unusable: [(path: String, reason: String)] = []

    /// Closes a file, or a folder with everything in it, to other users. Links are not followed, because their targets
    /// are not the broker's.
    mutating func tighten(_ path: String) {
        tighten(path, except: { _, _ in false })
    }

    /// Closes a broker's state folder to other users. Files with rights, keys and secrets that others could change or
    /// read stay as they are. Each of them is refused when it is read, because closing it now would not undo what was
    /// done with it.
    mutating func tightenState(_ folder: String) {
        let (rules, keys) = ("\(folder)/trust.json", "\(folder)/keys")
        tighten(folder) { path, status in
            if path == rules { return true }
            guard path == keys || path.hasPrefix("\(keys)/") else { return false }
            let isPublic = path == keys || path.hasSuffix(".pem") || path.hasSuffix(".der")
            return status.mode & 0o022 != 0 || !isPublic
        }
    }

    private mutating func tighten(_ path: String, except isExcepted: (String, FileStatus) -> Bool) {
        guard let status = FileStatus(path, followsLink: false), !status.isLink else { return }
        guard status.isOurs else {
            // Files of root are an administrator's, such as settings that a tool distributes.
            if status.owner != 0 { foreign.append(path) }
            return
        }
        if status.mode & 0o077 != 0, !isExcepted(path, status) { close(path, status) }
        if status.isFolder, access(path, R_OK | W_OK | X_OK) != 0 {
            unusable.append((path, String(cString: strerror(errno))))
        }
        guard status.isFolder, let names = try? FileManager.default.contentsOfDirectory(atPath: path) else { return }
        for name in names.sorted() { tighten("\(path)/\(name)", except: isExcepted) }
    }

    private mutating func close(_ path: String, _ status: FileStatus) {
        if fchmodat(AT_FDCWD, path, mode_t(status.mode & 0o700), AT_SYMLINK_NOFOLLOW) == 0 {
            tightened.append(path)
        } else if failures.count < 3 {
            failures.append("\(path) is open to other users and cannot be closed: \(String(cString: strerror(errno)))")
        }
    }
}
