/// Counts the bytes that libzmq sends from memory that is not its own.
protocol SharedBodyOwner: AnyObject {
    /// libzmq has released so many bytes. Called on any thread.
    func released(_ count: Int)
}

/// Memory that libzmq sends from. It lives as long as libzmq needs it.
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

/// Called by libzmq to release the memory.
func releaseSharedBody(_: UnsafeMutableRawPointer?, _ hint: UnsafeMutableRawPointer?) {
    if let hint { Unmanaged<SharedBody>.fromOpaque(hint).takeRetainedValue().release() }
}
