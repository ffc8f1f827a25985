/// Numbers of Arrow's FlatBuffer schema (`Message.fbs`, `Schema.fbs`): which field of a table is which, and what unions
/// hold.
enum ArrowFormat {
    /// Stands before the length of a message, so that a stream starts unlike those of versions before 0.15.
    static let continuation: UInt32 = 0xFFFF_FFFF

    enum Version {
        static let v4: Int16 = 3
        static let v5: Int16 = 4
    }

    enum MessageField {
        static let version = 0
        static let headerType = 1
        static let header = 2
        static let bodyLength = 3
    }

    enum Header {
        static let schema: UInt8 = 1
        static let dictionaryBatch: UInt8 = 2
        static let recordBatch: UInt8 = 3
    }

    enum SchemaField {
        static let endianness = 0
        static let fields = 1
        static let metadata = 2
    }

    enum FieldField {
        static let name = 0
        static let isNullable = 1
        static let typeKind = 2
        static let type = 3
        static let dictionary = 4
        static let children = 5
        static let metadata = 6
    }

    enum DictionaryField {
        static let id = 0
        static let indexType = 1
        static let isOrdered = 2
    }

    enum RecordBatchField {
        static let length = 0
        static let nodes = 1
        static let buffers = 2
        static let compression = 3
        static let variadicCounts = 4
    }

    enum DictionaryBatchField {
        static let id = 0
        static let data = 1
        static let isDelta = 2
    }

    /// The members of the union `Type`.
    enum Kind: UInt8 {
        case null = 1, int, floatingPoint, binary, utf8, bool, decimal, date, time, timestamp, interval, list
        case structure, union, fixedSizeBinary, fixedSizeList, map, duration, largeBinary, largeUtf8, largeList
        case runEndEncoded, binaryView, utf8View, listView, largeListView
    }
}
