import NIOCore
import Testing

@testable import RembusWire

@Suite("JSON messages")
struct MessageJSONTests {
    // MARK: Publications

    @Test("A publication repeats its payload at the top for Python")
    func payloadTwice() throws {
        let json = try Message.publish(.init(topic: "t", arguments: [1, "a"])).json()
        #expect(json == ["jsonrpc": "2.0", "method": "t", "params": [1, "a"], "data": [1, "a"]])
    }

    @Test(
        "The payload comes from params, else from the top-level data",
        arguments: [
            (#"{"method":"t","data":[7]}"#, [7]),
            (#"{"method":"t","params":[1],"data":[7]}"#, [1]),
            (#"{"method":"t","params":3}"#, [3]),
            (#"{"method":"t","params":null}"#, []),
            (#"{"method":"t"}"#, []),
            (#"{"method":"t","params":{"a":1}}"#, [["a": 1]]),
            (#"{"id":5,"method":"t","params":{"type":16},"data":[7]}"#, [7]),
            (#"{"id":5,"method":"t","params":{"type":16,"data":[1]},"data":[7]}"#, [1]),
            (#"{"id":5,"method":"t","params":{"__type__":16,"data":{"a":1}}}"#, [["a": 1]]),
        ] as [(String, [Value])])
    func payload(_ text: String, _ arguments: [Value]) throws {
        guard case .publish(let publish) = try Message(json: text) else {
            Issue.record("expected a publication")
            return
        }
        #expect(publish.arguments == arguments)
    }

    @Test("All forms of flags", arguments: [16, 48, 64, 80, 112, 17, 49] as [UInt8])
    func flags(_ type: UInt8) throws {
        let message = try Message(json: #"{"id":5,"method":"t","params":{"type":\#(type),"data":[1]}}"#)
        let flags = PublishFlags(rawValue: type)
        #expect(
            message
                == .publish(.init(id: MessageID(littleEndian: 5), flags: flags, topic: "t", arguments: [1])))
        #expect(try message.json().mapValue?["params"]?["type"]?.intValue == Int(type & 0xF0))
    }

    // MARK: Requests

    @Test(
        "Params without a type are arguments",
        arguments: [
            (#""params":{"x":1,"y":2}"#, [["x": 1, "y": 2]]),
            (#""params":{"type":"pump"}"#, [["type": "pump"]]),
            (#""params":{"type":7}"#, [["type": 7]]),
            (#""params":{"type":1000}"#, [["type": 1000]]),
            (#""params":[{"type":3}]"#, [["type": 3]]),
            (#""params":"one""#, ["one"]), (#""params":null"#, []), (#""data":[1]"#, []),
        ] as [(String, [Value])])
    func arguments(_ members: String, _ arguments: [Value]) throws {
        let message = try Message(json: #"{"id":1,"method":"mix",\#(members)}"#)
        let id = MessageID(littleEndian: 1)
        #expect(message == .request(.init(id: id, topic: "mix", arguments: arguments)))
    }

    @Test("The target of a direct call is not sent")
    func target() throws {
        let json = try Message.request(.init(id: .vector, topic: "mix", target: "pump7", arguments: [1])).json()
        #expect(
            json == ["jsonrpc": "2.0", "id": 578_437_695_752_307_201, "method": "mix", "params": [1]])
    }

    // MARK: Answers

    @Test("Answers of other JSON-RPC software are understood")
    func plainAnswers() throws {
        func response(_ status: StatusCode, _ data: Value) -> Message {
            .response(.init(id: MessageID(littleEndian: 1), status: status, data: data))
        }
        #expect(try Message(json: #"{"id":1,"result":42}"#) == response(.ok, 42))
        #expect(try Message(json: #"{"id":1,"result":null}"#) == response(.ok, .null))
        #expect(try Message(json: #"{"id":1,"result":{"a":1}}"#) == response(.ok, ["a": 1]))
        #expect(try Message(json: #"{"id":1,"result":42,"error":null}"#) == response(.ok, 42))
        let error = #"{"code":-32601,"message":"no such method"}"#
        #expect(try Message(json: #"{"id":1,"error":\#(error)}"#) == response(.error, "no such method"))
        #expect(try Message(json: #"{"id":1,"result":null,"error":\#(error)}"#) == response(.error, "no such method"))
        #expect(try Message(json: #"{"id":1,"error":{"sts":77}}"#) == response(StatusCode(rawValue: 77), .null))
    }

    @Test("Errors carry the members of JSON-RPC too")
    func errors() throws {
        let json = try Message.response(.init(id: .vector, status: .methodNotFound, data: "mix")).json()
        #expect(
            json["error"] == [
                "type": 4, "__type__": 4, "sts": 42, "data": "mix", "code": -32000, "message": "mix",
            ])
        let bare = try Message.response(.init(id: .vector, status: .error)).json()
        #expect(bare["error"]?["message"] == "error")
        #expect(bare["error"]?["data"] == .null)
    }

    @Test("A challenge is base64 for Python and an array for Julia, and both are read")
    func challenge() throws {
        let message = Message.response(.init(id: .vector, status: .challenge, data: .bytes(hex: "dead0001")))
        #expect(try message.json(.python)["result"]?["data"] == "3q0AAQ==")
        #expect(try message.json(JSONDialect())["result"]?["data"] == "3q0AAQ==")
        #expect(try message.json(.julia)["result"]?["data"] == [222, 173, 0, 1])
        for dialect in [JSONDialect.python, .julia] {
            #expect(try Message(json: message.json(dialect).jsonText) == message)
        }
        let odd = #"{"id":1,"result":{"type":4,"sts":11,"data":[256]}}"#
        #expect(
            try Message(json: odd) == .response(.init(id: MessageID(littleEndian: 1), status: .challenge, data: [256])))
    }

    // MARK: Admin

    @Test("An infinite duration is sent as 1e300; null means infinity in subscribe only")
    func infiniteDuration() throws {
        let data = AdminCommand.subscribe(messageFrom: .infinity).data
        let json = try Message.admin(.init(id: .vector, topic: "t", data: data)).json()
        #expect(json["params"]?["data"]?["msg_from"] == 1e300)

        func received(_ data: String) throws -> Value {
            guard
                case .admin(let admin) = try Message(
                    json: #"{"id":1,"method":"t","params":{"type":3,"data":\#(data)}}"#)
            else { return .undefined }
            return admin.data
        }
        #expect(try received(#"{"cmd":"subscribe","msg_from":null}"#) == data)
        #expect(
            try received(#"{"cmd":"reactive","status":true,"msg_from":null}"#)
                == ["cmd": "reactive", "status": true, "msg_from": .null])
        #expect(try received("null") == .null)
        #expect(try received("[1]") == [1])
    }

    // MARK: Identity and keys

    @Test("A name that is a URL means its path")
    func url() throws {
        let text = #"{"id":"1","method":"__identity__","params":{"__type__":0,"cid":"ws://host:8338/pump7","meta":{}}}"#
        #expect(try Message(json: text) == .identity(.init(id: MessageID(littleEndian: 1), name: "pump7")))
    }

    @Test("Missing or null meta is empty")
    func meta() throws {
        for member in ["", #","meta":null"#, #","meta":{}"#] {
            let text = #"{"id":1,"method":"__identity__","params":{"type":0,"cid":"c"\#(member)}}"#
            #expect(try Message(json: text) == .identity(.init(id: MessageID(littleEndian: 1), name: "c")))
        }
    }

    @Test("The dialect follows the keys of the last message that has any")
    func dialect() throws {
        var dialect = JSONDialect()
        func read(_ text: String) throws { _ = try Message(json: ByteBuffer(string: text), dialect: &dialect) }
        try read(#"{"id":1,"method":"__unregister__","params":{"type":9}}"#)
        #expect(dialect == .python)
        try read(#"{"id":1,"method":"mix","params":[]}"#)
        #expect(dialect == .python)
        try read(#"{"id":1,"result":{"__type__":5}}"#)
        #expect(dialect == .julia)
        try read(#"{"id":1,"result":{"type":5,"__type__":5}}"#)
        #expect(dialect == JSONDialect())
    }

    @Test("ZeroMQ messages have a form too")
    func zeroMQ() throws {
        for message in [Message.ping(.vector, "pump7"), .close] {
            #expect(try Message(json: message.json().jsonText) == message)
        }
    }

    @Test(
        "Refuses what is no message",
        arguments: [
            "[]", "1", "{}", #"{"id":1}"#, #"{"method":1}"#, #"{"method":null}"#, #"{"id":1,"error":"x"}"#,
            #"{"result":{"type":5}}"#, #"{"id":"","method":"m"}"#, #"{"id":[],"method":"m"}"#,
            #"{"id":true,"method":"m"}"#, #"{"id":"123456789012345678901234567890123","method":"m"}"#,
            #"{"method":"m","params":{"type":16,"data":[]}}"#, #"{"method":"t","params":{"type":3,"data":{}}}"#,
            #"{"id":1,"method":"__identity__","params":{"type":0}}"#,
            #"{"id":1,"method":"__identity__","params":{"type":0,"cid":7}}"#,
            #"{"id":1,"method":"__identity__","params":{"type":0,"cid":"c","meta":[]}}"#,
            #"{"id":1,"method":"c","params":{"type":11}}"#,
            #"{"id":1,"method":"c","params":{"type":11,"signature":5}}"#,
            #"{"id":1,"method":"c","params":{"type":10,"pin":"p","key_val":"AAEC"}}"#,
            #"{"id":1,"result":{"type":4,"sts":-1}}"#, #"{"id":1,"result":{"type":4,"sts":"0"}}"#,
        ])
    func refuses(_ text: String) {
        #expect(throws: WireError.self) { try Message(json: text) }
    }
}
