/// An open file, used by one thread at a time. Errors carry the system's reason.
///
/// The journal reaches the disk through this and ``StorageFileSystem`` only, so that tests can put a failing disk there.
package protocol StorageFile: AnyObject, Sendable {
    /// Bytes in the file.
    func size() throws(StorageError) -> UInt64
    /// Writes all bytes at an offset.
    func write(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) throws(StorageError)
    /// Reads up to `target.count` bytes from an offset; fewer at the file's end only.
    func read(into target: UnsafeMutableRawBufferPointer, at offset: UInt64) throws(StorageError) -> Int
    /// Returns when the written data survives a power failure.
    func sync() throws(StorageError)
    /// Reserves room, so that later writes neither fail for want of it nor change the file's size. Best effort.
    func reserve(_ bytes: UInt64)
    /// Cuts the file.
    func truncate(to bytes: UInt64) throws(StorageError)
    /// Whether the file has no name any more: it was deleted, or another one was put in its place. What is written to it
    /// then is gone with the process. ``sync()`` throws in that case.
    var isDeleted: Bool { get }
    /// Whether the path that the file was opened by leads to it. Not for a file that was renamed since.
    var isInPlace: Bool { get }
    func close()
}

extension StorageFile {
    package var isDeleted: Bool { false }
    package var isInPlace: Bool { true }
}

/// What the journal needs of a file system.
package protocol StorageFileSystem: Sendable {
    /// Makes a folder with those above it.
    func createDirectory(_ path: String) throws(StorageError)
    /// The names in a folder, in no order.
    func contents(of directory: String) throws(StorageError) -> [String]
    /// Opens a file for reading and, unless `readOnly`, for writing; it is created when missing then. Nil when it is
    /// missing and only to be read.
    func open(_ path: String, readOnly: Bool) throws(StorageError) -> (any StorageFile)?
    /// Removes a file; one that is missing is no error.
    func remove(_ path: String) throws(StorageError)
    /// Puts a file in the place of another one in one step.
    func rename(_ path: String, to target: String) throws(StorageError)
    /// Makes names created, renamed or removed in a folder survive a power failure.
    func syncDirectory(_ path: String) throws(StorageError)
    /// Takes a lock that ends with the process. Throws when another process holds it.
    func lock(_ path: String) throws(StorageError) -> any StorageFile
}
