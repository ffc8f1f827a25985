import CZeroMQ
import NIOCore

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// The error of the last call of libzmq on this thread, in the form of other socket errors.
func lastError(_ call: String) -> IOError {
    IOError(errnoCode: zmq_errno(), reason: call)
}
