import NIOCore
import NIOHTTP1
import RembusBroker
import RembusWire

/// The table of endpoints as an OpenAPI 3.1 document, with the limits of the broker that serves it.
struct OpenAPIDocument {
    let limits: BrokerLimits

    /// - Parameter prefix: The prefix of every path; empty for none.
    func json(version: String, endpoints: [Endpoint], prefix: String = "") -> ByteBuffer {
        var paths = ValueMap()
        for endpoint in endpoints {
            var item = paths[endpoint.path.text]?.mapValue ?? parameters(of: endpoint.path)
            item[endpoint.method.rawValue.lowercased()] = operation(endpoint)
            paths[endpoint.path.text] = .map(item)
        }
        var document: ValueMap = [
            "openapi": "3.1.0",
            "info": [
                "title": "Rembus", "version": .text(version),
                "description": .text(introduction(endpoints)),
                "license": ["name": "Apache-2.0", "identifier": "Apache-2.0"],
            ],
            "paths": .map(paths),
            "components": [
                "schemas": ["Error": Self.errorSchema, "Request": Self.requestSchema, "Response": Self.responseSchema],
                "securitySchemes": [
                    "basic": [
                        "type": "http", "scheme": "basic",
                        "description": "a component's name and its shared secret",
                    ]
                ],
            ],
            // In free mode a request needs no identity.
            "security": [["basic": []], [:]],
        ]
        var buffer = ByteBuffer()
        if !prefix.isEmpty { document["servers"] = [["url": .text(prefix)]] }
        Value.map(document).encodeJSON(into: &buffer)
        return buffer
    }

    private func introduction(_ endpoints: [Endpoint]) -> String {
        let words = Set(endpoints.compactMap(\.path.word)).sorted().joined(separator: ", ")
        return "Call methods and publish on topics of a Rembus broker. Topics are path segments, with `/` as `%2F`; "
            + "below `/rpc/`, `/publish/` and `/events/` slashes may stay as they are. These first segments have a "
            + "meaning of their own: \(words). A query parameter that an operation does not have is answered with 400."
    }

    private func parameters(of path: PathTemplate) -> ValueMap {
        let parameters = path.parameterNames.map { name -> Value in
            [
                "name": .text(name), "in": "path", "required": true,
                "schema": .map(name == "cid" ? Self.nameSchema(limits) : Self.topicSchema(limits)),
                "description": .text(
                    name == "cid" ? "the name of a component" : name == "pattern" ? "a topic or pattern" : "a topic"),
            ]
        }
        return parameters.isEmpty ? [:] : ["parameters": .array(parameters)]
    }

    private func operation(_ endpoint: Endpoint) -> Value {
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

    private func body(_ body: Endpoint.Body) -> Value? {
        switch body {
        case .none: nil
        case .arguments:
            [
                "required": false,
                "content": [
                    "application/json": ["schema": [:]],
                    "application/vnd.apache.arrow.stream": ["schema": ["type": "string", "format": "binary"]],
                    // Any text is accepted as CSV.
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
                                    "maxItems": .integer(Int64(limits.maxCalls)),
                                    "items": ["$ref": "#/components/schemas/Request"],
                                ],
                            ]
                        ]
                    ]
                ],
            ]
        }
    }

    private func schema(_ members: [Endpoint.Member]) -> Value {
        var properties = ValueMap()
        for member in members {
            var schema = member.schema(limits)
            schema["description"] = .text(member.text)
            properties[member.name] = .map(schema)
        }
        return [
            "type": "object", "properties": .map(properties), "additionalProperties": false,
            "required": .array(members.filter(\.isRequired).map { .text($0.name) }),
        ]
    }

    // MARK: Responses

    private func responses(_ endpoint: Endpoint) -> Value {
        var responses: ValueMap = ["200": answer(endpoint)]
        var failures = Set(endpoint.failures + [400, 403])
        if !endpoint.isOpen { failures.formUnion([401, 503]) }
        if endpoint.takesAdministrator { failures.insert(404) }
        switch endpoint.body {
        case .none: break
        default: failures.formUnion([408, 413])
        }
        if case .result = endpoint.answer { failures.insert(406) }
        // The answers of administrators' commands are rendered in the accepted form, as results are.
        if endpoint.takesAdministrator { failures.insert(406) }
        for status in failures.sorted() {
            responses["\(status)"] = [
                "description": .text(HTTPResponseStatus(statusCode: status).reasonPhrase),
                "content": ["application/json": ["schema": ["$ref": "#/components/schemas/Error"]]],
            ]
        }
        return .map(responses)
    }

    private func answer(_ endpoint: Endpoint) -> Value {
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

    /// A topic or pattern. JSON Schema counts characters, and the broker bytes, so the broker allows fewer characters
    /// beyond ASCII.
    static func topicSchema(_ limits: BrokerLimits) -> ValueMap {
        [
            "type": "string", "minLength": 1, "maxLength": .integer(Int64(limits.maxTopicBytes)),
            "pattern": .text("^[^/]*(/[^/]*){0,\(max(0, limits.maxTopicSegments - 1))}$"),
        ]
    }

    /// A component's name: no control characters, no leading slash, no segment `..`.
    static func nameSchema(_ limits: BrokerLimits) -> ValueMap {
        [
            "type": "string", "minLength": 1, "maxLength": .integer(Int64(limits.maxNameBytes)),
            "pattern": #"^(?!/)(?!(.*/)?\.\.(/|$))[^\u0000-\u001f\u007f-\u009f]+$"#,
        ]
    }

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

    private var responsesSchema: Value {
        [
            "oneOf": [
                ["$ref": "#/components/schemas/Response"],
                ["type": "array", "items": ["$ref": "#/components/schemas/Response"]],
            ]
        ]
    }
}
