import Foundation
import RembusSupport
import Testing

@Suite("Open descriptors")
struct OpenDescriptorsTests {
    @Test("They have those that are open")
    func open() throws {
        let pipe = Pipe()
        let descriptor = pipe.fileHandleForReading.fileDescriptor
        #expect(OpenDescriptors.all.contains(descriptor) && OpenDescriptors.all.contains(1))
        #expect(Set(OpenDescriptors.all).count == OpenDescriptors.all.count)
    }
}
