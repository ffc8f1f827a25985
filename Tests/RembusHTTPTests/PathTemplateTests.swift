import Testing

@testable import RembusHTTP

@Suite struct PathTemplateTests {
    @Test(
        arguments: [
            ("/{topic}", ["a/b"], ["topic": "a/b"]),
            ("/rpc/{topic}", ["rpc", "a", "b"], ["topic": "a/b"]),
            ("/rpc/{topic}", ["rpc", "a/b"], ["topic": "a/b"]),
            ("/subscribe/{topic}/{cid}", ["subscribe", "a", "b", "me"], ["topic": "a/b", "cid": "me"]),
            ("/authorize/{cid}/{topic}", ["authorize", "me", "a", "b"], ["topic": "a/b", "cid": "me"]),
            ("/events/{pattern}", ["events", "a", "**"], ["topic": "a/**"]),
            ("/healthz", ["healthz"], [:]),
        ] as [(String, [String], [String: String])])
    func aPathThatFitsGivesItsParameters(template: String, segments: [String], parameters: [String: String]) {
        #expect(PathTemplate(template).match(segments) == parameters)
    }

    @Test(arguments: [
        ("/rpc/{topic}", ["rpc"]), ("/rpc/{topic}", ["rpc", ""]), ("/subscribe/{topic}/{cid}", ["subscribe", "a"]),
        ("/subscribe/{topic}/{cid}", ["subscribe", "a", ""]), ("/healthz", ["healthz", "x"]), ("/{topic}", ["a", "b"]),
        ("/rpc/{topic}", ["publish", "a"]),
    ])
    func aPathThatDoesNotFitGivesNothing(template: String, segments: [String]) {
        #expect(PathTemplate(template).match(segments) == nil)
    }

    @Test func everyEndpointHasANameAndAPathOfItsOwn() {
        let endpoints = EndpointTable.standard.endpoints
        #expect(Set(endpoints.map(\.name)).count == endpoints.count)
        #expect(Set(endpoints.map { "\($0.method) \($0.path.text)" }).count == endpoints.count)
    }
}
