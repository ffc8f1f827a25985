import NIOCore
import NIOHTTP1
import RembusWire

/// The table of endpoints as an OpenAPI 3.1 document.
enum OpenAPIDocument {
    static func json(version: String, endpoints: [Endpoint]) -> ByteBuffer {
        var paths = ValueMap()
        for endpoint in endpoints {
            var item = paths[endpoint.path.text]?.mapValue ?? parameters(of: endpoint.path)
            item[endpoint.method.rawValue.lowercased()] = operation(endpoint)
            paths[endpoint.path.text] = .map(item)
        }
        let document: Value = [
            "openapi": "3.1.0",
            "info": [
                "title": "Rembus", "version": .text(version),
                "description": .text(introduction(endpoints)),
                "license": ["name": "Apache-2.0", "identifier": "Apache-2.0"],
            ],
            "paths": .map(paths),
            "components": [
                "schemas": ["Error": errorSchema, "Request": requestSchema, "Response": responseSchema],
                "securitySchemes": [
                    "basic": [
                        "type": "http", "scheme": "basic",
                        "description": "a component's name and its shared secret",
                    ]
                ],
            ],
            // In free mode nothing has to be shown.
            "security": [["basic": []], [:]],
        ]
        var buffer = ByteBuffer()
        document.encodeJSON(into: &buffer)
        return buffer
    }

    private static func introduction(_ endpoints: [Endpoint]) -> String {
        let words = Set(endpoints.compactMap(\.path.word)).sorted().joined(separator: ", ")
        return "Call methods and publish on topics of a Rembus broker. Topics are path segments, with `/` as `%2F`; "
            + "below `/rpc/`, `/publish/` and `/events/` slashes may stay as they are. These first segments have a "
            + "meaning of their own: \(words)."
    }

    private static func parameters(of path: PathTemplate) -> ValueMap {
        let parameters = path.parameterNames.map { name -> Value in
            [
                "name": .text(name), "in": "path", "required": true,
                "schema": ["type": "string", "minLength": 1, "maxLength": name == "cid" ? 255 : 1024],
                "description": .text(
                    name == "cid" ? "the name of a component" : name == "pattern" ? "a topic or pattern" : "a topic"),
            ]
        }
        return parameters.isEmpty ? [:] : ["parameters": .array(parameters)]
    }

    private static func operation(_ endpoint: Endpoint) -> Value {
        var operation: ValueMap = [
            "operationId": .text(endpoint.name), "summary": .text(endpoint.summary),
            "responses": responses(endpoint),
        ]
        let about = [endpoint.text, endpoint.takesAdministrator ? "Takes an administrator." : ""]
            .filter { !$0.isEmpty }.joined(separator: " ")
        if !about.isEmpty { operation["description"] = .text(about) }
        if endpoint.isOpen { operation["security"] = [] }
        if !endpoint.query.isEmpty {
            operation["parameters"] = .array(
                endpoint.query.map { query in
                    [
                        "name": .text(query.name), "in": "query", "required": false, "schema": query.schema,
                        "description": .text(query.text),
                    ]
                })
        }
        if let body = body(endpoint.body) { operation["requestBody"] = body }
        return .map(operation)
    }

    private static func body(_ body: Endpoint.Body) -> Value? {
        switch body {
        case .none: nil
        case .arguments:
            [
                "required": false,
                "content": [
                    "application/json": ["schema": [:]],
                    "application/vnd.apache.arrow.stream": ["schema": ["type": "string", "format": "binary"]],
                    // Any text of lines is CSV.
                    "text/csv": ["schema": [:]],
                ],
            ]
        case .object(let members):
            [
                "required": .bool(members.contains(where: \.isRequired)),
                "content": ["application/json": ["schema": schema(members)]],
            ]
        case .jsonRPC:
            [
                "required": true,
                "content": [
                    "application/json": [
                        "schema": [
                            "oneOf": [
                                ["$ref": "#/components/schemas/Request"],
                                [
                                    "type": "array", "minItems": 1,
                                    "items": ["$ref": "#/components/schemas/Request"],
                                ],
                            ]
                        ]
                    ]
                ],
            ]
        }
    }

    private static func schema(_ members: [Endpoint.Member]) -> Value {
        var properties = ValueMap()
        for member in members {
            var schema = member.schema.mapValue ?? [:]
            schema["description"] = .text(member.text)
            properties[member.name] = .map(schema)
        }
        return [
            "type": "object", "properties": .map(properties), "additionalProperties": false,
            "required": .array(members.filter(\.isRequired).map { .text($0.name) }),
        ]
    }

    // MARK: Responses

    private static func responses(_ endpoint: Endpoint) -> Value {
        var responses: ValueMap = ["200": answer(endpoint)]
        var failures = Set(endpoint.failures + [400, 403])
        if !endpoint.isOpen { failures.formUnion([401, 503]) }
        if endpoint.takesAdministrator { failures.insert(404) }
        switch endpoint.body {
        case .none: break
        default: failures.formUnion([408, 413])
        }
        if case .result = endpoint.answer { failures.insert(406) }
        // Admin answers are rendered like results.
        if endpoint.takesAdministrator { failures.insert(406) }
        for status in failures.sorted() {
            responses["\(status)"] = [
                "description": .text(HTTPResponseStatus(statusCode: status).reasonPhrase),
                "content": ["application/json": ["schema": ["$ref": "#/components/schemas/Error"]]],
            ]
        }
        return .map(responses)
    }

    private static func answer(_ endpoint: Endpoint) -> Value {
        switch endpoint.answer {
        case .empty: return ["description": "done; there is no body"]
        case .result:
            return [
                "description": "the result",
                "content": [
                    "application/json": ["schema": [:]],
                    "application/vnd.apache.arrow.stream": ["schema": ["type": "string", "format": "binary"]],
                    "text/csv": ["schema": ["type": "string"]],
                    "application/octet-stream": ["schema": ["type": "string", "format": "binary"]],
                ],
            ]
        case .json(let text):
            let schema: Value = endpoint.name == "jsonrpc" ? responsesSchema : [:]
            return ["description": .text(text), "content": ["application/json": ["schema": schema]]]
        case .text:
            return ["description": "the text", "content": ["text/plain": ["schema": ["type": "string"]]]]
        case .events:
            return [
                "description": "a stream that does not end",
                "content": ["text/event-stream": ["schema": ["type": "string"]]],
            ]
        }
    }

    // MARK: Schemas

    private static let errorSchema: Value = [
        "type": "object", "required": ["error"],
        "properties": [
            "error": ["type": "string", "description": "what is wrong and what to do"],
            "sts": ["type": "integer", "description": "the status of the broker or provider"],
        ],
    ]

    private static let requestSchema: Value = [
        "type": "object", "required": ["jsonrpc", "method", "id"],
        "description": "without an `id` it is a notification, which is published and not answered",
        "properties": [
            "jsonrpc": ["const": "2.0"], "method": ["type": "string", "minLength": 1],
            "params": ["type": ["array", "object"]], "id": ["type": ["string", "number", "null"]],
        ],
    ]

    private static let responseSchema: Value = [
        "type": "object", "required": ["jsonrpc", "id"],
        "properties": [
            "jsonrpc": ["const": "2.0"], "result": [:], "id": ["type": ["string", "number", "null"]],
            "error": [
                "type": "object", "required": ["code", "message"],
                "properties": [
                    "code": ["type": "integer"], "message": ["type": "string"],
                    "data": ["type": "object", "properties": ["sts": ["type": "integer"]]],
                ],
            ],
        ],
    ]

    private static let responsesSchema: Value = [
        "oneOf": [
            ["$ref": "#/components/schemas/Response"],
            ["type": "array", "items": ["$ref": "#/components/schemas/Response"]],
        ]
    ]
}
