import Foundation

extension Error {
    /// Why a file could not be used, as the text of the system where it has one: `No such file or directory`.
    package var fileReason: String {
        guard let cause = (self as? CocoaError)?.userInfo[NSUnderlyingErrorKey] as? POSIXError else {
            return localizedDescription
        }
        return String(cString: strerror(cause.code.rawValue))
    }
}
