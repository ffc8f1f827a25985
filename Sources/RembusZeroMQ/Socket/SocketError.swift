import CZeroMQ
import NIOCore

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// The error of the last call of libzmq on this thread, as the errors of other sockets are.
func lastError(_ call: String) -> IOError {
    IOError(errnoCode: zmq_errno(), reason: call)
}
