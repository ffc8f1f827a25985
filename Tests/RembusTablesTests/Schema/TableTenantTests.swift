import NIOCore
import RembusTables
import RembusWire
import Testing

/// The optional `tenant` of a table.
@Suite struct TableTenantTests {
    private func schema(_ tables: String...) throws -> StoreSchema {
        let list = tables.enumerated().map { number, text in
            "{\"table\": \"t\(number)\", \"columns\": [{\"col\": \"dn\", \"type\": \"TEXT\"}], \(text)}"
        }
        return try StoreSchema(
            json: ByteBuffer(string: "{\"tables\": [\(list.joined(separator: ", "))]}"), file: "schema.json")
    }

    @Test func reading() throws {
        let schema = try schema(
            #""topic": ":dn/a""#, #""topic": ":dn/b", "tenant": "*""#, #""topic": ":dn/c", "tenant": "acme""#,
            #""topic": ":dn/d", "tenant": null"#)
        #expect(schema.tables.map(\.tenant) == [nil, .all, .only(ExactText("acme")), nil])
        #expect(schema.notices.isEmpty)
    }

    @Test(arguments: [#""tenant": 7"#, #""tenant": """#, #""tenant": "a\u0000b""#])
    func mistakes(text: String) throws {
        let error = #expect(throws: SchemaError.self) { try schema(text) }
        #expect(error?.description.contains("tenant") == true)
    }

    @Test func tablesTakePublicationsOfTheirTenant() throws {
        let schema = try schema(
            #""topic": ":dn/t", "tenant": "acme""#, #""topic": ":dn/t", "tenant": "corp""#,
            #""topic": ":dn/s", "tenant": "*""#, #""topic": ":dn/u""#)
        for (tenant, own) in [(TableTenant.all, true), (.default, false)] {
            let matcher = TableMatcher(schema, tenant: tenant)
            #expect(matcher.dependsOnTenant)
            #expect(matcher.match("x/t", tenant: "acme")?.table == 0)
            #expect(matcher.match("x/t", tenant: "corp")?.table == 1)
            #expect(matcher.match("x/t", tenant: ".")?.table == nil)
            #expect(matcher.match("x/t")?.table == 0)
            #expect(matcher.match("x/s", tenant: "corp")?.table == 2)
            #expect(matcher.match("x/u", tenant: ".")?.table == 3)
            #expect((matcher.match("x/u", tenant: "corp")?.table == 3) == own)
            // By the table's name.
            #expect(matcher.match("t1", tenant: "corp")?.table == 1)
            #expect(matcher.match("t1", tenant: "acme") == nil)
        }
        #expect(!TableMatcher(try self.schema(#""topic": ":dn/t""#)).dependsOnTenant)
    }

    @Test func lookAlikesAreOtherTenants() throws {
        let matcher = TableMatcher(try schema(#""topic": ":dn/t", "tenant": "caf\u00e9""#))
        #expect(matcher.match("x/t", tenant: "caf\u{E9}") != nil)
        #expect(matcher.match("x/t", tenant: "cafe\u{301}") == nil)
    }

    @Test func aTableThatGetsNothingIsNoticed() throws {
        let hidden = try schema(#""topic": ":dn/t", "tenant": "*""#, #""topic": ":dn/t", "tenant": "acme""#)
        #expect(hidden.notices.count == 1)
        let visible = try schema(#""topic": ":dn/t", "tenant": "acme""#, #""topic": ":dn/t", "tenant": "corp""#)
        #expect(visible.notices.isEmpty)
    }
}
