import Testing

@testable import RembusStore

@Suite struct NameRegistryTests {
    private func open(_ folder: TemporaryFolder, largestNumber: UInt32 = 0) throws -> NameRegistry {
        try NameRegistry("\(folder.path)/names", largestNumber: largestNumber)
    }

    @Test func numbersStay() throws {
        let folder = TemporaryFolder()
        var registry = try open(folder)
        #expect(registry.number(of: "alice") == 1)
        #expect(registry.number(of: "bob") == 2)
        try registry.write(syncing: true)
        #expect(registry.number(of: "çé😀") == 3)
        #expect(registry.number(of: "") == 4)
        try registry.write(syncing: false)
        try registry.write(syncing: true)
        registry.close()
        registry = try open(folder)
        #expect(registry.number(of: "bob") == 2)
        #expect(registry.number(of: "çé😀") == 3)
        #expect(registry.name(of: 1) == "alice")
        #expect(registry.name(of: 4) == "")
        #expect(registry.name(of: 0) == nil && registry.name(of: 5) == nil)
        #expect(registry.number(of: "carol") == 5)
    }

    @Test func aTornEndOrAFlippedBitCostsOneNameAndNoNumberIsGivenTwice() throws {
        let folder = TemporaryFolder()
        let names = ["alice", "bob", "a longer name than these", "dave"]
        do {
            let registry = try open(folder)
            for name in names { _ = registry.number(of: name) }
            try registry.write(syncing: true)
            registry.close()
        }
        let whole = try TemporaryFolder.read("\(folder.path)/names")
        for cut in 16..<whole.count {
            try TemporaryFolder.write(Array(whole[..<cut]), to: "\(folder.path)/names")
            let registry = try open(folder, largestNumber: 4)
            for number in 1...4 as ClosedRange<UInt32> {
                #expect([names[Int(number) - 1], nil].contains(registry.name(of: number)))
            }
            #expect(registry.number(of: "new") == 5)
            registry.close()
        }
        for byte in whole.indices {
            var flipped = whole
            flipped[byte] ^= 1 << (byte % 8)
            try TemporaryFolder.write(flipped, to: "\(folder.path)/names")
            let registry = try open(folder)
            let found = (1...4).map { registry.name(of: $0) }
            #expect(zip(found, names).allSatisfy { $0 == nil || $0 == $1 })
            #expect(found.filter { $0 == nil }.count <= 1)
            let new = registry.number(of: "new")
            #expect(new >= 4 && registry.name(of: new) == "new")
            #expect(!(1...4).contains { $0 != new && registry.name(of: $0) == "new" })
            registry.close()
        }
    }

    @Test func namesAreOnTheDiskBeforeRecordsThatBearThem() throws {
        let folder = TemporaryFolder()
        let store = try JournalStore.open(folder)
        try store.start()
        var number: UInt32 = 0
        for index in 0..<50 {
            number = store.number(of: "component \(index)")
            store.add(UInt64(index + 1), [1], publisher: number)
            #expect(store.committed())
            let copy = TemporaryFolder()
            try folder.snapshot(to: copy)
            let recovered = try JournalStore.open(copy)
            #expect(recovered.name(of: number) == "component \(index)")
        }
        store.stop()
        // Without the file: no number that a record bears is given again.
        try Disk().remove("\(folder.path)/names")
        let recovered = try JournalStore.open(folder)
        #expect(recovered.number(of: "somebody else") == number + 1)
    }
}
