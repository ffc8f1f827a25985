import Foundation
import NIOCore
import Testing

@testable import DataFrames

@Suite struct TableTests {
    /// The names of ``polarsTables``, which are shown instead of their long contents.
    static let names = polarsTables.map(\.name)

    @Test(arguments: names)
    func printsLikePolars(name: String) throws {
        let table = try #require(polarsTables.first { $0.name == name })
        let stream = try #require(Data(base64Encoded: table.stream))
        #expect(try DataFrame(arrow: ByteBuffer(bytes: stream)).description == table.text)
    }

    @Test func leavesOutColumnsThatDoNotFit() throws {
        let columns = (0..<12).map { Column("column number \($0)", ["some text", "x"]) }
        let lines = try DataFrame(columns: columns).formatted(maxColumns: 12, width: 60).split(separator: "\n")
        #expect(lines.allSatisfy { displayWidth(String($0)) <= 60 })
        #expect(lines[2].contains("┆ … ┆"))
        #expect(lines[0] == "shape: (2, 12)")
    }

    @Test func keepsAllRowsWhenAskedTo() throws {
        let frame = try DataFrame(["n": ColumnLiteral(Array(1...100))])
        #expect(frame.formatted(maxRows: .max).split(separator: "\n").count == 107)
        #expect(frame.formatted(maxRows: 1).split(separator: "\n").count == 9)
    }

    @Test func makesControlCharactersHarmless() throws {
        let frame = try DataFrame(["t\u{1B}": ["a\nb", "\u{1B}[31mred"]])
        let text = frame.description
        #expect(!text.unicodeScalars.contains("\u{1B}"))
        #expect(text.contains(#"a\nb"#))
        #expect(text.contains(#"\u{1B}[31mred"#))
    }

    @Test func showsLocalTimeOfKnownZones() throws {
        let moment = Timestamp(1_795_383_000, .second, timeZone: "Europe/Berlin")
        let type = DataType.timestamp(.second, timeZone: "Europe/Berlin")
        let frame = try DataFrame(columns: [Column("at", [moment], type: type)])
        #expect(frame.description.contains("2026-11-22 22:30:00 +01:00"))
        #expect(frame.description.contains("datetime[s, Europe/Berlin]"))
    }

    @Test func measuresTexts() {
        #expect(displayWidth("abc") == 3)
        #expect(displayWidth("日本") == 4)
        #expect(displayWidth("e\u{301}") == 1)
        #expect(displayWidth("👍🏽") == 2)
    }
}
