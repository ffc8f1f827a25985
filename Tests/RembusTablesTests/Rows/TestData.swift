import NIOCore
import Testing

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Files of `Tests/support`.
enum TestData {
    struct Missing: Error {
        let path: String
    }

    /// The lines of a text file that are not empty.
    static func lines(of name: String, file: String = #filePath) throws -> [Substring] {
        // …/Tests/RembusStoreTests/Rows/TestData.swift
        let tests = file.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/")
        let path = tests + "/support/" + name
        guard let stream = fopen(path, "r") else { throw Missing(path: path) }
        defer { fclose(stream) }
        var bytes: [UInt8] = []
        var block = [UInt8](repeating: 0, count: 65536)
        while case let count = fread(&block, 1, block.count, stream), count > 0 { bytes += block[..<count] }
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n")
    }
}
