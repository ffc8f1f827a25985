import Testing

@testable import RembusHTTP

@Suite struct RequestTargetTests {
    @Test(
        arguments: [
            ("/", []), ("/topic", ["topic"]), ("/a%2Fb/c", ["a/b", "c"]), ("/a/", ["a", ""]), ("//", ["", ""]),
            ("/a+b", ["a+b"]), ("/%F0%9F%98%80", ["😀"]), ("/x?y=1", ["x"]), ("/x#y", ["x"]),
            ("http://host:1/a/b?c", ["a", "b"]), ("http://host", []),
        ] as [(String, [String])])
    func theSegmentsOfAPathAreDecoded(uri: String, segments: [String]) throws {
        #expect(try #require(RequestTarget(uri)).segments == segments)
    }

    @Test(arguments: ["/%", "/%2", "/%zz", "/%ff", "/%ed%a0%80", "/a?b=%f", "/a?%=1"])
    func whatCannotBeDecodedIsNoTarget(uri: String) {
        #expect(RequestTarget(uri) == nil)
    }

    @Test func theQueryIsDecoded() throws {
        let target = try #require(RequestTarget("/t?args=%5B1,%202%5D&qos=1&empty=&bare&two+words=a%2Bb+c&qos=2"))
        #expect(target.first("args") == "[1, 2]")
        #expect(target.first("qos") == "1")
        #expect(target.first("empty") == "" && target.first("bare") == "")
        #expect(target.first("two words") == "a+b c")
        #expect(target.first("missing") == nil)
    }
}
