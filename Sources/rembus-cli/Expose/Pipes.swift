import Foundation

/// The three pipes of a child process.
///
/// Both ends are closed on exec, so that no other child inherits them: a pipe does not end while another process has
/// its writing end.
final class Pipes {
    /// One pipe. The near end is ours, and the far end becomes a standard stream of the child.
    struct Ends {
        var near: Int32
        var far: Int32
    }

    private(set) var input = Ends(near: -1, far: -1)
    private(set) var output = Ends(near: -1, far: -1)
    private(set) var errors = Ends(near: -1, far: -1)

    /// Throws when the process has no more file descriptors.
    init() throws {
        let (inputRead, inputWrite) = try Self.makePipe()
        input = Ends(near: inputWrite, far: inputRead)
        let (outputRead, outputWrite) = try Self.makePipe()
        output = Ends(near: outputRead, far: outputWrite)
        let (errorsRead, errorsWrite) = try Self.makePipe()
        errors = Ends(near: errorsRead, far: errorsWrite)
        for descriptor in [input.near, output.near, errors.near] {
            _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
        }
    }

    deinit {
        closeFarEnds()
        closeNearEnds()
    }

    /// Closes the ends that the child has copies of. Otherwise the child's end of the pipe would never be noticed.
    func closeFarEnds() {
        Self.close(&input.far)
        Self.close(&output.far)
        Self.close(&errors.far)
    }

    func closeNearEnds() {
        closeInput()
        Self.close(&output.near)
        Self.close(&errors.near)
    }

    /// Tells the child that its input has ended.
    func closeInput() {
        Self.close(&input.near)
    }

    func closeOutput() {
        Self.close(&output.near)
    }

    func closeErrors() {
        Self.close(&errors.near)
    }

    private static func close(_ descriptor: inout Int32) {
        if descriptor >= 0 { Foundation.close(descriptor) }
        descriptor = -1
    }

    private static func makePipe() throws -> (read: Int32, write: Int32) {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else {
            throw CommandFailure("cannot make a pipe: \(String(cString: strerror(errno)))")
        }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        return (ends[0], ends[1])
    }
}
