/// The bytes of an unsigned integer in network order, as a collection that allocates nothing.
struct BigEndianBytes<Value: FixedWidthInteger & UnsignedInteger & Sendable>: RandomAccessCollection, Sendable {
    private let value: Value

    init(_ value: Value) { self.value = value }

    var startIndex: Int { 0 }
    var endIndex: Int { Value.bitWidth / 8 }
    subscript(index: Int) -> UInt8 { UInt8(truncatingIfNeeded: value >> Value(truncatingIfNeeded: Value.bitWidth - 8 - 8 * index)) }
}
