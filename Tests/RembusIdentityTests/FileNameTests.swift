import Testing

@testable import RembusIdentity

@Suite struct FileNameTests {
    @Test(arguments: ["pump7", "pump7.acme", "a.b.c", "x.", "Größe", "泵", "a b", "pump@site", "a:b", "a\\b", "-", "~"])
    func ordinaryNamesStayAsTheyAre(_ name: String) {
        #expect(FileName.encoded(name) == name)
        #expect(FileName.decoded(name) == name)
    }

    @Test(arguments: [
        ("a/b", "a%2Fb"), ("/etc/passwd", "%2Fetc%2Fpasswd"), ("..", "%2E."), (".", "%2E"), (".hidden", "%2Ehidden"),
        ("../../x", "%2E.%2F..%2Fx"), ("50%", "50%25"), ("a\0b", "a%00b"), ("a\nb\u{7F}", "a%0Ab%7F"), ("", "%"),
        ("%2F", "%252F"), ("é/泵", "é%2F泵"), ("x.rsa.pem", "x%2Ersa.pem"), ("x.ecdsa.der", "x%2Eecdsa.der"),
        ("x.rsa.pem.rsa.pem", "x.rsa.pem%2Ersa.pem"), (".rsa.pem", "%2Ersa.pem"),
    ])
    func othersAreEncoded(_ name: String, _ file: String) {
        #expect(FileName.encoded(name) == file)
        #expect(FileName.decoded(file) == name)
    }

    @Test(arguments: ["%", "%%", "%2", "%2G", "a%2fb", "a/b", ".x", "%41", "x.rsa.pem", "%FF", "a%"])
    func onlyEncodedNamesAreDecoded(_ file: String) {
        #expect(FileName.decoded(file) == (file == "%" ? "" : nil))
    }

    @Test func longNamesEndInTheirHash() {
        let names = [
            String(repeating: "a", count: 255), String(repeating: "a", count: 256), String(repeating: "/", count: 255),
            String(repeating: "泵", count: 85), String(repeating: "a", count: 149) + String(repeating: "泵", count: 40),
            String(repeating: "b", count: 220),
        ]
        let files = names.map(FileName.encoded)
        #expect(Set(files).count == names.count)
        for (name, file) in zip(names, files) {
            #expect(file.utf8.count <= 220)
            #expect(!file.contains("/") && !file.hasPrefix("."))
            #expect(FileName.decoded(file) == (name.utf8.count == 220 ? name : nil))
        }
    }

    @Test func namesNeverMeet() {
        var generator = SplitMix(seed: 1)
        var files: [String: String] = [:]
        for _ in 0..<20_000 {
            let length = Int.random(in: 0...4, using: &generator)
            let name = String(
                (0..<length).map { _ in
                    ["/", ".", "%", "2", "F", "a", "\0", "é"].randomElement(using: &generator) ?? "x"
                }.joined())
            let file = FileName.encoded(name)
            #expect(files[file] == nil || files[file] == name)
            files[file] = name
            #expect(FileName.decoded(file) == name)
            #expect(!file.isEmpty && !file.hasPrefix(".") && !file.contains("/") && !file.utf8.contains(0))
        }
    }
}
