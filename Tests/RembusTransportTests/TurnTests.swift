import NIOCore
import NIOEmbedded
import Testing

@testable import RembusTransport

/// How much one connection may have handled before others have their turn.
@Suite(.timeLimit(.minutes(5)))
struct TurnTests {
    /// A link on a channel without a socket, whose messages take as long as its owner says.
    private final class Owner: LinkDelegate {
        let loop = EmbeddedEventLoop()
        let channel: EmbeddedChannel
        let group: LinkGroup
        let link: Link
        var now = NIODeadline.uptimeNanoseconds(0)
        var received: [UInt16] = []
        var reads = 0
        var end: LinkCloseReason?
        var onMessage: (UInt16) -> Void = { _ in }

        init(_ framing: LinkConfiguration.Framing, cost: TimeAmount, maxAssemblyBytes: Int = 64 << 20) throws {
            channel = EmbeddedChannel(loop: loop)
            group = LinkGroup(eventLoop: loop)
            var configuration = LinkConfiguration(
                maxMessageBytes: 100_000, pingInterval: nil, maxAssemblyBytes: maxAssemblyBytes)
            configuration.framing = framing
            link = Link(
                role: .server, group: group, configuration: configuration, remoteAddress: "test", delegate: nil)
            group.clock = { [unowned self] in now }
            onMessage = { [unowned self] _ in now = now + cost }
            link.delegate = self
            try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
            try channel.pipeline.syncOperations.addHandler(link)
        }

        func link(_ link: Link, received bytes: UnsafeRawBufferPointer, kind: MessageKind, owner: ByteBuffer?) {
            let number = bytes.loadUnaligned(as: UInt16.self)
            received.append(number)
            onMessage(number)
        }
        func linkReadCompleted(_ link: Link) { reads += 1 }
        func linkDrained(_ link: Link) {}
        func linkClosed(_ link: Link, reason: LinkCloseReason) { end = reason }

        /// What arrives in one read.
        func read(_ bytes: ByteBuffer) throws { try channel.writeInbound(bytes) }

        /// What the channel was told last.
        var isReading: Bool? {
            channel.options.last { $0.option is ChannelOptions.Types.AutoReadOption }?.value as? Bool
        }

        /// Runs until nothing is to be done; how much had been received whenever somebody else had a turn.
        func turns() -> [Int] {
            var counts = [received.count]
            while link.isBehind, counts.count < 100_000 {
                loop.advanceTime(by: TurnQueue.pause)
                counts.append(received.count)
            }
            return counts
        }
    }

    /// Messages with the numbers of a range, as they arrive together.
    private static func messages(_ numbers: Range<UInt16>, _ framing: LinkConfiguration.Framing) -> ByteBuffer {
        var bytes = ByteBuffer()
        for number in numbers {
            // A WebSocket frame with a mask that changes nothing.
            bytes.writeBytes(framing == .webSocket ? [0x82, 0x82, 0, 0, 0, 0] : [0x81, 2])
            bytes.writeInteger(number, endianness: .little)
        }
        return bytes
    }

    private static let framings: [LinkConfiguration.Framing] = [.webSocket, .lengthPrefixed]

    @Test(arguments: framings)
    func othersHaveTheirTurnWithinABurst(_ framing: LinkConfiguration.Framing) throws {
        let owner = try Owner(framing, cost: .microseconds(100))
        try owner.read(Self.messages(0..<20_000, framing))
        let counts = owner.turns()
        #expect(owner.received == Array(0..<20_000))
        // A hundred messages take the time of a turn, and the clock is read for every sixteenth.
        #expect(zip(counts, counts.dropFirst()).allSatisfy { $1 - $0 <= 100 + Turn.stride })
        #expect(counts.count >= 20_000 / (100 + Turn.stride))
        #expect(owner.reads == counts.count)
        #expect(owner.group.waitingBytes == 0 && owner.group.assemblies.bytes == 0)
    }

    @Test func connectionsThatAreBehindTakeTurnsAndSoDoesEverybodyElse() {
        let loop = EmbeddedEventLoop()
        let queue = TurnQueue(loop)
        var order = ""
        func go(_ name: String, _ count: Int) {
            queue.add {
                order += name
                if count > 1 { go(name, count - 1) }
            }
        }
        go("a", 3)
        go("b", 2)
        // Nothing is due before the event loop has looked at its sockets.
        loop.run()
        #expect(order == "")
        for expected in ["a", "ab", "aba", "abab", "ababa", "ababa"] {
            loop.advanceTime(by: TurnQueue.pause)
            loop.run()
            #expect(order == expected)
        }
    }

    @Test(arguments: framings)
    func aBurstOfCheapMessagesIsNotDivided(_ framing: LinkConfiguration.Framing) throws {
        let owner = try Owner(framing, cost: .nanoseconds(100))
        try owner.read(Self.messages(0..<20_000, framing))
        #expect(owner.received.count == 20_000)
        #expect(owner.reads == 1)
    }

    @Test func nothingIsReadMeanwhile() throws {
        let owner = try Owner(.webSocket, cost: .milliseconds(1))
        try owner.read(Self.messages(0..<100, .webSocket))
        #expect(owner.isReading == false)
        _ = owner.turns()
        #expect(owner.isReading == true)
    }

    @Test(arguments: framings)
    func whatWasSentBeforeTheEndComesBeforeIt(_ framing: LinkConfiguration.Framing) throws {
        let owner = try Owner(framing, cost: .milliseconds(1))
        var received = -1
        owner.onMessage = { [unowned owner] number in
            owner.now = owner.now + .milliseconds(1)
            if owner.end == nil { received = Int(number) }
        }
        // A read ends anywhere.
        var bytes = Self.messages(0..<1000, framing)
        let first = bytes.readSlice(length: 1001)
        try owner.read(#require(first))
        try owner.read(bytes)
        #expect(owner.received.count < 1000)
        // A pause slows down nobody any more.
        owner.link.pauseReading()
        owner.channel.pipeline.fireChannelInactive()
        #expect(owner.end == nil)
        // Answers have nowhere to go.
        owner.link.sendBinary(length: 1) { $0.storeBytes(of: 0xF6, as: UInt8.self) }
        _ = owner.turns()
        #expect(owner.received == Array(0..<1000))
        #expect(received == 999 && owner.end?.code == 1006)
        #expect(owner.link.backlog == 0)
        #expect(owner.group.waitingBytes == 0 && owner.group.assemblies.bytes == 0)
    }

    @Test func aPauseCountsAtTheNextTurn() throws {
        let owner = try Owner(.webSocket, cost: .milliseconds(1))
        try owner.read(Self.messages(0..<100, .webSocket))
        owner.link.pauseReading()
        owner.loop.advanceTime(by: .milliseconds(10))
        let count = owner.received.count
        #expect(count < 100)
        owner.link.resumeReading()
        _ = owner.turns()
        #expect(owner.received == Array(0..<100))
    }

    @Test func aLinkThatItsOwnerClosesHandlesNothingMore() throws {
        let owner = try Owner(.lengthPrefixed, cost: .milliseconds(1))
        try owner.read(Self.messages(0..<100, .lengthPrefixed))
        let count = owner.received.count
        owner.link.close(code: 1000, reason: "")
        owner.loop.advanceTime(by: .milliseconds(10))
        #expect(owner.received.count == count)
        #expect(owner.group.waitingBytes == 0 && owner.group.assemblies.bytes == 0)
    }

    @Test func whatWaitsIsBounded() throws {
        let owner = try Owner(.webSocket, cost: .milliseconds(1), maxAssemblyBytes: 100_000)
        try owner.read(Self.messages(0..<20_000, .webSocket))
        #expect(!owner.link.isOpen)
        #expect(owner.group.waitingBytes == 0 && owner.group.assemblies.bytes == 0)
    }

    @Test func readsAreSmallWhileMuchWaits() {
        let memory = ReceiveMemory()
        memory.waitingBytes = ReceiveMemory.maxWaitingBytes + 1
        #expect(memory.take(ByteBufferAllocator()).capacity == ReceiveMemory.smallSize)
        memory.waitingBytes = 0
        #expect(memory.take(ByteBufferAllocator()).capacity == ReceiveMemory.size)
    }
}
