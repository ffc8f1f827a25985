import Testing

@testable import RembusHTTP

@Suite struct CredentialsTests {
    @Test(arguments: [
        ("Basic cHVtcDc6c2VjcmV0", "pump7", "secret"), ("basic  cHVtcDc6c2VjcmV0", "pump7", "secret"),
        ("cHVtcDc6c2VjcmV0", "pump7", "secret"), ("Basic cHVtcDc6YTpi", "pump7", "a:b"),
    ])
    func aNameAndItsSecret(header: String, name: String, secret: String) throws {
        let credentials = try #require(Credentials(header))
        #expect(credentials.user == name && credentials.secret == Array(secret.utf8))
    }

    @Test(arguments: ["Basic cHVtcDc=", "Basic cHVtcDc6"])
    func aNameAlone(header: String) throws {
        let credentials = try #require(Credentials(header))
        #expect(credentials.user == "pump7" && credentials.secret == nil)
    }

    @Test(arguments: ["", "Basic", "Basic ", "Bearer cHVtcDc6", "Basic ???", "Basic OnNlY3JldA==", "Basic //86YQ=="])
    func whatNamesNobody(header: String) {
        #expect(Credentials(header) == nil)
    }
}
