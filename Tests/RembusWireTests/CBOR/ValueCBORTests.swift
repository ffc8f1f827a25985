import NIOCore
import Testing

@testable import RembusWire

@Suite("CBOR values")
struct ValueCBORTests {
    /// Scalar encodings of protocol.md §14.1, and the items of RFC 8949 appendix A that have one encoding here.
    static let canonical: [(Value, String)] = [
        (0.0, "fb0000000000000000"), (1.0, "fb3ff0000000000000"), (.float(.infinity), "f97c00"),
        (.float(-.infinity), "f9fc00"), (-1, "20"), (24, "1818"), (256, "190100"),
        (4_294_967_296, "1b0000000100000000"),
        (.bigInteger(BigInteger(magnitude: [1, 0, 0, 0, 0, 0, 0, 0, 0])), "c249010000000000000000"),
        (.bigInteger(BigInteger(isNegative: true, magnitude: [1, 0, 0, 0, 0, 0, 0, 0, 0])), "c349010000000000000000"),
        (true, "f5"), (false, "f4"), (.null, "f6"), (.undefined, "f7"),
        (0, "00"), (1, "01"), (10, "0a"), (23, "17"), (25, "1819"), (100, "1864"), (1000, "1903e8"),
        (1_000_000, "1a000f4240"), (1_000_000_000_000, "1b000000e8d4a51000"),
        (.unsigned(.max), "1bffffffffffffffff"), (.negative(.max), "3bffffffffffffffff"),
        (-10, "29"), (-100, "3863"), (-1000, "3903e7"), (.integer(.max), "1b7fffffffffffffff"),
        (.integer(.min), "3b7fffffffffffffff"), (.unsigned(1 << 63), "1b8000000000000000"),
        (.negative(1 << 63), "3b8000000000000000"),
        (1.1, "fb3ff199999999999a"), (-4.1, "fbc010666666666666"), (1.0e+300, "fb7e37e43c8800759c"),
        (-0.0, "fb8000000000000000"),
        (.simple(16), "f0"), (.simple(255), "f8ff"),
        (.tagged(0, "2013-03-21T20:04:00Z"), "c074323031332d30332d32315432303a30343a30305a"),
        (.tagged(1, 1_363_896_240), "c11a514b67b0"), (.tagged(1, 1_363_896_240.5), "c1fb41d452d9ec200000"),
        (.tagged(23, .bytes(hex: "01020304")), "d74401020304"),
        (.tagged(24, .bytes(hex: "6449455446")), "d818456449455446"),
        (.tagged(32, "http://www.example.com"), "d82076687474703a2f2f7777772e6578616d706c652e636f6d"),
        (.bytes(hex: ""), "40"), (.bytes(hex: "01020304"), "4401020304"),
        ("", "60"), ("a", "6161"), ("IETF", "6449455446"), ("\"\\", "62225c"), ("ü", "62c3bc"), ("水", "63e6b0b4"),
        ("𐅑", "64f0908591"), ([], "80"), ([1, 2, 3], "83010203"), ([1, [2, 3], [4, 5]], "8301820203820405"),
        (.array((1...25).map { .integer($0) }), "98190102030405060708090a0b0c0d0e0f101112131415161718181819"),
        ([:], "a0"), ([1: 2, 3: 4], "a201020304"), (["a": 1, "b": [2, 3]], "a26161016162820203"),
        (["a", ["b": "c"]], "826161a161626163"),
        (
            ["a": "A", "b": "B", "c": "C", "d": "D", "e": "E"],
            "a56161614161626142616361436164614461656145"
        ),
    ]

    /// Forms that are accepted but sent differently; the rest of RFC 8949 appendix A.
    static let lenient: [(Value, String)] = [
        (0.0, "f90000"), (-0.0, "f98000"), (1.0, "f93c00"), (1.5, "f93e00"), (65504.0, "f97bff"),
        (100000.0, "fa47c35000"), (3.4028234663852886e+38, "fa7f7fffff"), (5.960464477539063e-8, "f90001"),
        (0.00006103515625, "f90400"), (-4.0, "f9c400"), (.float(.infinity), "fa7f800000"),
        (.float(-.infinity), "faff800000"), (.float(.infinity), "fb7ff0000000000000"),
        (.float(-.infinity), "fbfff0000000000000"),
        (2, "1b0000000000000002"), (-1, "3900_00"), (5, "c24105"), (-6, "c34105"), (0, "c240"), (-1, "c340"),
        (.unsigned(.max), "c248ffffffffffffffff"), (.negative(.max), "c348ffffffffffffffff"), (7, "c242_0007"),
        (.bytes(hex: "0102030405"), "5f42010243030405ff"), ("streaming", "7f657374726561646d696e67ff"),
        ([], "9fff"), ([1, [2, 3], [4, 5]], "9f018202039f0405ffff"), ([1, [2, 3], [4, 5]], "83018202039f0405ff"),
        ([1, [2, 3], [4, 5]], "83019f0203ff820405"), (["a": 1, "b": [2, 3]], "bf61610161629f0203ffff"),
        (["a", ["b": "c"]], "826161bf61626163ff"), (["Fun": true, "Amt": -2], "bf6346756ef563416d7421ff"),
        (.bytes(hex: ""), "5fff"), ("", "7fff"), ([:], "bfff"), (.tagged(2, "a"), "c26161"),
    ]

    static let malformed = [
        "", "18", "19", "1901", "1a010203", "1c", "1d", "1e", "1f", "3c", "3f", "41", "5c", "62c3", "61ff", "62c328",
        "63eda080", "64f4908080", "62c080", "7f6161", "7f4161ff", "5f6161ff", "5f5f4101ffff", "5fc24101ff", "80ff00",
        "81", "8201", "9f", "9f01", "a1", "a101", "bf01ff", "bf", "c0", "dc", "df00", "f8", "f800", "f818", "f81f",
        "f9", "f97c", "fa000000", "fb00000000000000", "fc", "fd", "fe", "ff", "9bffffffffffffffff",
        "bbffffffffffffffff", "5bffffffffffffffff", "7bffffffffffffffff", "9b7fffffffffffffff00", "8081", "0000",
    ]

    @Test("Encodes and decodes", arguments: canonical)
    func roundTrips(_ value: Value, _ hex: String) throws {
        #expect(value.cbor.hex == hex)
        #expect(try Value(hex: hex) == value)
    }

    @Test("Accepts other forms", arguments: lenient)
    func decodes(_ value: Value, _ hex: String) throws {
        let decoded = try Value(hex: hex)
        #expect(decoded == value)
        #expect(decoded.cbor == value.cbor)
    }

    @Test("NaN of any width and payload", arguments: ["f97e00", "f97c01", "fa7fc00000", "fb7ff8000000000001"])
    func notANumber(_ hex: String) throws {
        let value = try Value(hex: hex)
        #expect(value.doubleValue?.isNaN == true)
        #expect(value.cbor.hex == "f97e00")
    }

    @Test("Refuses what is not well formed", arguments: malformed)
    func refuses(_ hex: String) {
        #expect(throws: WireError.self) { try Value(hex: hex) }
    }

    @Test("Reserved simple values have no form and become undefined")
    func reservedSimple() {
        #expect(Value.simple(31).cbor.hex == "f7")
        #expect(Value.simple(20).cbor.hex == "f4")
    }

    @Test("An integer outside its case is encoded in the shortest form all the same")
    func unusualCases() {
        #expect(Value.unsigned(5).cbor.hex == "05")
        #expect(Value.negative(0).cbor.hex == "20")
        #expect(Value.bigInteger(BigInteger(magnitude: [0, 7])).cbor.hex == "07")
    }

    @Test("Byte strings share the memory of the input")
    func zeroCopy() throws {
        var input = ByteBuffer(hex: "0043010203")
        input.moveReaderIndex(forwardBy: 1)
        let bytes = try #require(Value(cbor: input).bytesValue)
        let distance = input.withUnsafeReadableBytes { outer in
            bytes.withUnsafeReadableBytes { inner in
                inner.baseAddress.flatMap { inner in outer.baseAddress.map { inner - $0 } }
            }
        }
        #expect(distance == 1)
    }

    @Test("Reads item after item")
    func sequence() throws {
        var buffer = ByteBuffer(hex: "0102ff")
        #expect(try Value.decode(cbor: &buffer) == 1)
        #expect(try Value.decode(cbor: &buffer) == 2)
        #expect(throws: WireError.self) { try Value.decode(cbor: &buffer) }
        #expect(buffer.readableBytes == 1)
    }

    @Test("Trailing bytes are an error unless allowed")
    func trailing() throws {
        let bytes = ByteBuffer(hex: "0102")
        #expect(throws: WireError(.trailingBytes, "Bytes follow the item.", offset: 1)) { try Value(cbor: bytes) }
        #expect(try Value(cbor: bytes, allowTrailing: true) == 1)
    }

    @Test("The length is known without writing", arguments: canonical + [(.simple(24), "f7")])
    func length(value: Value, hex: String) {
        #expect(value.encodedCBORLength == hex.utf8.count / 2)
    }
}
