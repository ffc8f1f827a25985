/// An open file, used by one thread at a time. Errors carry the system's reason.
///
/// The journal reaches the disk only through this protocol and ``StorageFileSystem``, so that tests can put a failing
/// disk in its place.
package protocol StorageFile: AnyObject, Sendable {
    /// Bytes in the file.
    func size() throws(StorageError) -> UInt64
    /// Writes all bytes at an offset.
    func write(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) throws(StorageError)
    /// Reads up to `target.count` bytes from an offset; fewer only at the end of the file.
    func read(into target: UnsafeMutableRawBufferPointer, at offset: UInt64) throws(StorageError) -> Int
    /// Returns when the written data survives a power failure.
    func sync() throws(StorageError)
    /// Reserves space, so that later writes neither fail for lack of space nor change the file's size. Best effort.
    func reserve(_ bytes: UInt64)
    /// Cuts the file.
    func truncate(to bytes: UInt64) throws(StorageError)
    /// Whether the file was deleted or replaced by another one under its name. Bytes written to such a file are lost
    /// when the process ends, and ``sync()`` throws.
    var isDeleted: Bool { get }
    /// Whether the path that the file was opened by still leads to it. Not meaningful for a file that was renamed
    /// since.
    var isInPlace: Bool { get }
    func close()
}

extension StorageFile {
    package var isDeleted: Bool { false }
    package var isInPlace: Bool { true }
}

/// What the journal needs of a file system.
package protocol StorageFileSystem: Sendable {
    /// Creates a folder and the folders above it.
    func createDirectory(_ path: String) throws(StorageError)
    /// The names in a folder, in no particular order.
    func contents(of directory: String) throws(StorageError) -> [String]
    /// Opens a file for reading and, unless `readOnly`, for writing. A missing file is created, or gives nil with
    /// `readOnly`.
    func open(_ path: String, readOnly: Bool) throws(StorageError) -> (any StorageFile)?
    /// Removes a file; a missing file is no error.
    func remove(_ path: String) throws(StorageError)
    /// Replaces a file by another one in one step.
    func rename(_ path: String, to target: String) throws(StorageError)
    /// Makes the creation, renaming and removal of names in a folder survive a power failure.
    func syncDirectory(_ path: String) throws(StorageError)
    /// Takes a lock that ends with the process. Throws when another process holds it.
    func lock(_ path: String) throws(StorageError) -> any StorageFile
}
