/// Who counts the bytes that libzmq sends from memory which is not its own.
protocol SharedBodyOwner: AnyObject {
    /// libzmq is done with so many bytes. On any thread.
    func released(_ count: Int)
}

/// Memory that libzmq sends from, for as long as it needs it.
final class SharedBody {
    private let storage: AnyObject
    private let owner: any SharedBodyOwner
    private let count: Int

    init(_ storage: AnyObject, _ owner: any SharedBodyOwner, count: Int) {
        self.storage = storage
        self.owner = owner
        self.count = count
    }

    func release() { owner.released(count) }
}

/// What libzmq calls when it is done.
func releaseSharedBody(_: UnsafeMutableRawPointer?, _ hint: UnsafeMutableRawPointer?) {
    if let hint { Unmanaged<SharedBody>.fromOpaque(hint).takeRetainedValue().release() }
}
