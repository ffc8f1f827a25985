import RembusWire
import Testing

@testable import RembusBroker
@testable import RembusMQTTServer

/// Records of components and of exchanges at QoS 2 have these texts and numbers, also those of earlier versions.
@Suite struct MQTTNamespaceTests {
    @Test func textsAndKeysAreThoseOfTheFiles() {
        #expect(MQTTNamespace.shared.text(of: "a/+") == "$mqtt/a/+")
        #expect(MQTTNamespace.key(ofFilter: "a/+") == 0x94390a6821c0f913)
    }

    @Test(arguments: [
        ("a/b", "a/b", false, false), ("a/+", "a/+", true, false), ("#", "#", true, false),
        ("$share/g/a/b", "a/b", false, true), ("$share/g/+/b", "+/b", true, true),
        ("$share/g//a", "/a", false, true), ("$share/g", "$share/g", false, false),
        ("$shared/g/a", "$shared/g/a", false, false),
    ])
    func filtersAreTakenApart(filter: String, topic: String, isPattern: Bool, isShared: Bool) {
        let namespace = MQTTNamespace.shared
        let meaning = namespace.meaning(of: namespace.text(of: filter))
        #expect(meaning.topic == topic)
        #expect((meaning.pattern != nil) == isPattern)
        #expect(meaning.isShared == isShared)
        #expect(namespace.own(namespace.text(of: filter)) == filter)
    }
}
