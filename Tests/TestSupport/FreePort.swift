import Foundation
import Synchronization

/// A TCP port of the loopback interface that nothing listens on, below the range from which systems give ports to
/// connections and to listeners that ask for any: it stays free while a test stops a server and starts it again.
/// No two callers in a process get the same one.
public func freePort() throws -> Int {
    for _ in 0..<1000 {
        let number = nextNumber.withLock { number in
            number += 1
            return number
        }
        let port = UInt16(15000 + number % 17000)
        if isFree(port) { return Int(port) }
    }
    throw CocoaError(.featureUnsupported)
}

/// Begins anywhere, so that processes which run side by side keep apart.
private let nextNumber = Mutex(Int.random(in: 0..<17000))

private func isFree(_ port: UInt16) -> Bool {
    #if os(Linux)
    let socket = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    #else
    let socket = socket(AF_INET, SOCK_STREAM, 0)
    #endif
    defer { close(socket) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    address.sin_port = port.bigEndian
    return withUnsafePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            bind(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
        }
    }
}
