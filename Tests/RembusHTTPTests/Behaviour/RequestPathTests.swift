import RembusTesting
import RembusWire
import Testing

@testable import RembusHTTP

/// Paths, methods and queries that there are, and what is said of those that there are not.
@Suite("HTTP: paths, methods and queries")
struct RequestPathTests {
    @Test(
        "A query that an endpoint does not have is named, with those that it has",
        arguments: [
            ("GET", "/add?arg=1", "arg", #"did you mean "args"? GET /{topic} takes args, target, timeout"#),
            ("POST", "/topic?qoss=1", "qoss", #"did you mean "qos"? POST /{topic} takes qos, args"#),
            ("POST", "/rpc/add?qos=1", "qos", "; POST /rpc/{topic} takes args, target, timeout"),
            ("POST", "/publish/a/b?target=x", "target", "; POST /publish/{topic} takes qos, args"),
            ("GET", "/events/x?form=3", "form", #"did you mean "from"? GET /events/{pattern} takes from, as"#),
            ("POST", "/subscribe/a/b?topik=x", "topik", "takes from"),
            ("POST", "/expose/a/b?from=1", "from", "takes none"),
            ("GET", "/healthz?verbose", "verbose", "; GET /healthz takes none"),
            ("POST", "/?id=1", "id", "; POST / takes none"),
        ])
    func unknownQuery(method: String, path: String, name: String, words: String) throws {
        let answer = try HTTPStage().request(method, path)
        #expect(answer.status == 400)
        #expect(answer.error.contains("there is no query parameter \"\(name)\"") && answer.error.contains(words))
        #expect(answer.error.contains("did you mean") || answer.error.contains(";"))
    }

    @Test("An empty query is none; of a HEAD's query only the status can say that it is wrong")
    func emptyQuery() throws {
        let stage = try HTTPStage()
        #expect(try stage.get("/?").status == 200)
        #expect(try stage.request("HEAD", "/healthz?x=1").status == 400)
    }

    @Test("No endpoint passes over an unknown query, and each names all that its description has")
    func everyEndpoint() throws {
        let stage = try HTTPStage()
        let paths = try #require(try stage.get("/openapi.json").json["paths"]?.mapValue)
        #expect(paths.count > 30)
        for pair in paths {
            let pieces = try #require(pair.key.stringValue).split(separator: "{", omittingEmptySubsequences: false)
            let path = pieces.dropFirst().reduce(String(pieces[0])) { text, piece in
                text + "x" + piece.drop { $0 != "}" }.dropFirst()
            }
            for method in ["get", "post"] {
                guard let operation = pair.value[method] else { continue }
                let answer = try stage.request(method.uppercased(), path + "?unheard-of=1")
                #expect(answer.status == 400 && answer.error.contains("unheard-of"), "\(method) \(path)")
                for known in operation["parameters"]?.arrayValue ?? [] {
                    #expect(answer.error.contains(known["name"]?.stringValue ?? "?"), "\(method) \(path)")
                }
            }
        }
    }

    @Test("A query that is given twice is refused")
    func twice() throws {
        let answer = try HTTPStage().post("/t?qos=0&qos=1", "[1]")
        #expect(answer.status == 400 && answer.error.contains("qos is given twice"))
    }

    @Test("The gateway says how it is")
    func service() throws {
        let stage = try HTTPStage()
        #expect(try stage.get("/healthz").json == ["status": "ok"])
        #expect(try stage.get("/readyz").json == ["status": "ready"])
        let index = try stage.get("/").json
        #expect(index["broker"] == stage.name && index["reserved"]?.arrayValue?.contains("rpc") == true)
    }

    @Test(
        "A wrong method is told which are right",
        arguments: [
            ("DELETE", "/topic", "GET, HEAD, POST, OPTIONS"), ("PUT", "/publish/a/b", "POST, OPTIONS"),
            ("GET", "/admin/shutdown", "POST, OPTIONS"), ("GET", "/admin/enable_debug", "POST, OPTIONS"),
            ("POST", "/healthz", "GET, HEAD, OPTIONS"), ("HEAD", "/events/x", "GET, OPTIONS"),
            ("PATCH", "/", "POST, GET, HEAD, OPTIONS"),
        ])
    func wrongMethod(method: String, path: String, allowed: String) throws {
        let answer = try HTTPStage().request(method, path)
        #expect(answer.status == 405 && answer.headers["allow"] == allowed)
    }

    @Test("OPTIONS says what is allowed")
    func options() throws {
        let answer = try HTTPStage().request("OPTIONS", "/topic")
        #expect(answer.status == 204 && answer.headers["allow"] == "GET, HEAD, POST, OPTIONS")
        #expect(answer.headers["access-control-allow-origin"] == nil)
    }

    @Test(
        "A path that is none is told a better one",
        arguments: [
            ("GET", "/plant/7", "/rpc/plant/7"), ("POST", "/plant/7", "/publish/plant/7"),
            ("GET", "/admin", "/rpc/admin"),
            ("GET", "/admin/nonsense", "broker_config"), ("GET", "//", "%2F"),
            ("POST", "/subscribe/only", "/subscribe/{topic}/{cid}"), ("GET", "/rpc/", "/rpc/{topic}"),
        ])
    func noPath(method: String, path: String, word: String) throws {
        let answer = try HTTPStage().request(method, path)
        #expect(answer.status == 404 && answer.error.contains(word))
    }

    @Test("A path that cannot be decoded", arguments: ["/%", "/%zz", "/%ff", "/a?args=%f"])
    func undecodable(path: String) throws {
        #expect(try HTTPStage().get(path).status == 400)
    }
}
