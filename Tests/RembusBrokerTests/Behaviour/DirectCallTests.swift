import RembusBroker
import RembusTesting
import RembusWire
import Testing

/// Calls of one component by its name: behaviour.md §8.
@Suite("Direct calls")
struct DirectCallTests {
    @Test("A direct call reaches the named component, with target null", arguments: Stage.loops)
    func reaches(loops: Int) throws {
        let stage = try Stage(loops: loops)
        let (target, caller) = (try stage.peer("target"), try stage.peer("caller"))
        let call = try Exchange(caller, target, "anything", 1, answer: 2, target: "target")
        #expect(call.request.topic == "anything" && call.request.target == nil && call.request.arguments == [1])
        #expect(call.response.status == .ok && call.response.data == 2)
    }

    @Test("A direct call to an unknown name is answered with 45", arguments: Stage.loops)
    func unknown(loops: Int) throws {
        let caller = try Stage(loops: loops).peer()
        #expect(try caller.call("x", target: "unknown").says(.targetNotFound, "unknown"))
        #expect(try caller.call("rid", target: "").status == .targetNotFound)
    }

    @Test("A direct call to a known name that is away is answered with 46", arguments: Stage.loops)
    func away(loops: Int) throws {
        let stage = try Stage(loops: loops)
        let (caller, target) = (try stage.peer(), try stage.peer("target"))
        try target.subscribe("known")
        target.hangUp()
        #expect(try caller.call("x", target: "target").says(.targetDown, "target"))
    }

    @Test("A direct call to the broker is an ordinary call", arguments: Stage.loops)
    func broker(loops: Int) throws {
        let caller = try Stage(loops: loops).peer()
        let answer = try caller.call("rid", target: "broker")
        #expect(answer.status == .ok && answer.data == "broker")
        #expect(try caller.call("nobody", target: "broker").says(.methodNotFound, "nobody"))
    }

    @Test("A direct call needs no exposed method, and its 42 comes from the target", arguments: Stage.loops)
    func unexposed(loops: Int) throws {
        let stage = try Stage(loops: loops)
        let (target, caller) = (try stage.peer("target"), try stage.peer())
        let call = try Exchange(
            caller, target, "nothing", answer: "nothing", status: .methodNotFound, target: "target")
        #expect(call.response.says(.methodNotFound, "nothing"))
    }

    @Test("A JSON method with a slash is a direct call when nobody exposes it", arguments: Stage.loops)
    func slash(loops: Int) throws {
        let stage = try Stage(loops: loops)
        let (target, provider) = (try stage.peer("target"), try stage.peer("provider"))
        let caller = try stage.peer(nil, .julia)
        let direct = try Exchange(caller, target, "target/add", 1, 2, answer: 3)
        #expect(direct.request.topic == "add" && direct.request.arguments == [1, 2])
        #expect(direct.response.status == .ok && direct.response.data == 3)
        try provider.expose("target/add")
        let exposed = try Exchange(caller, provider, "target/add", 1, 2, answer: 4)
        #expect(exposed.request.topic == "target/add")
        #expect(exposed.response.status == .ok && exposed.response.data == 4)
    }
}
