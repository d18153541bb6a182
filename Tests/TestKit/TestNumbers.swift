// Reproducible numbers for kernel tests, and scratch that ends with the test.

/// A small generator of numbers between -1 and 1; the same seed gives the same numbers everywhere.
package struct TestNumbers {
  private var state: UInt64

  package init(seed: Int) { state = UInt64(truncatingIfNeeded: seed) &* 0x9e37_79b9_7f4a_7c15 | 1 }

  /// The next number in -1 ..< 1.
  package mutating func next() -> Float {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return Float(Int64(bitPattern: state) >> 40) * 0x1p-23
  }

  /// The next `count` numbers.
  package mutating func array(_ count: Int) -> [Float] { (0..<count).map { _ in next() } }
}
