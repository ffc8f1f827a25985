import RembusWire
import Testing

@Suite struct ExactTextTests {
    private let composed = "caf\u{E9}"
    private let decomposed = "cafe\u{301}"

    @Test func lookAlikesAreDifferent() {
        #expect(composed == decomposed)
        #expect(ExactText(composed) != ExactText(decomposed))
        #expect(ExactText(composed) == ExactText("x/\(composed)".dropFirst(2)))
        #expect(Set([ExactText(composed), ExactText(decomposed), ExactText(composed)]).count == 2)
    }

    @Test func topicsThatLookAlikeDoNotMatch() {
        #expect(TopicPattern("*/\(composed)").matches("a/\(composed)"))
        #expect(!TopicPattern("*/\(composed)").matches("a/\(decomposed)"))
    }
}
