/// A small generator whose whole future follows from its seed (Steele, Lea and Flood, 2014).
struct Dice: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }

    /// A number in 0..<bound, slightly uneven, which is good enough here and fast in debug builds.
    mutating func below(_ bound: Int) -> Int {
        bound <= 1 ? 0 : Int(truncatingIfNeeded: next() % UInt64(bound))
    }

    /// True once in `sides` throws.
    mutating func one(in sides: Int) -> Bool { below(sides) == 0 }

    mutating func byte() -> UInt8 { UInt8(truncatingIfNeeded: next() >> 32) }

    mutating func bytes(_ count: Int) -> [UInt8] { (0..<count).map { _ in byte() } }

    mutating func pick<Element>(_ elements: [Element]) -> Element { elements[below(elements.count)] }
}
