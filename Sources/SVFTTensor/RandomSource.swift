// Random numbers that can be saved, repeated and computed out of order: Philox4x32-10
// (CSystem/philox.c).
//
// A source is (seed, purpose, position). Purposes ("shuffle", "dropout", "init") give independent
// streams of one seed, so that drawing more for one does not move another. Its state is three
// numbers and a name; one seed gives the same numbers for any thread count. Masks by element index
// are in `DropoutMask.swift`.
internal import CSystem

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// One stream of random numbers.
package struct RandomSource: Sendable, RandomNumberGenerator {
  /// The user's seed.
  package let seed: UInt64
  /// What the numbers are for.
  package let purpose: String
  /// How many 32-bit words have been drawn; with seed and purpose it is the whole state.
  package private(set) var position: UInt64
  /// The generator's key, made from seed and purpose.
  package let key: UInt64
  /// The four words around `position`; drawn again after a restart.
  private var block: (UInt32, UInt32, UInt32, UInt32) = (0, 0, 0, 0)

  /// The stream of `purpose` under `seed`, after `position` words.
  package init(seed: UInt64, purpose: String, position: UInt64 = 0) {
    self.seed = seed
    self.purpose = purpose
    self.position = position
    self.key = Self.key(seed: seed, purpose: purpose)
    if position % 4 != 0 { fillBlock() }
  }

  /// Another stream of the same seed: "a" of "b" is the purpose "b/a".
  package func stream(_ name: String) -> RandomSource {
    RandomSource(seed: seed, purpose: purpose.isEmpty ? name : "\(purpose)/\(name)")
  }

  /// The key of (seed, purpose): one Philox block over the seed and the FNV-1a hash of the name.
  package static func key(seed: UInt64, purpose: String) -> UInt64 {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in purpose.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    return bits(key: hash, counter: seed)
  }

  /// 64 random bits that depend on `key`, `stream` and `counter` alone.
  package static func bits(key: UInt64, stream: UInt64 = 0, counter: UInt64) -> UInt64 {
    let words = words(key: key, stream: stream, counter: counter)
    return UInt64(words.0) | UInt64(words.1) << 32
  }

  /// One Philox block.
  package static func words(key: UInt64, stream: UInt64, counter: UInt64)
    -> (UInt32, UInt32, UInt32, UInt32)
  {
    var words: (UInt32, UInt32, UInt32, UInt32) = (0, 0, 0, 0)
    withUnsafeMutableBytes(of: &words) { bytes in
      svs_philox(key, stream, counter, bytes.baseAddress?.assumingMemoryBound(to: UInt32.self))
    }
    return words
  }

  private mutating func fillBlock() {
    block = Self.words(key: key, stream: 0, counter: position / 4)
  }

  /// The next 32 random bits.
  package mutating func word() -> UInt32 {
    if position % 4 == 0 { fillBlock() }
    defer { position &+= 1 }
    switch position % 4 {
    case 0: return block.0
    case 1: return block.1
    case 2: return block.2
    default: return block.3
    }
  }

  /// The next 64 random bits (two words, the lower one first).
  package mutating func next() -> UInt64 {
    let low = word()
    return UInt64(low) | UInt64(word()) << 32
  }

  /// A number in [0, 1) with 53 random bits.
  package mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }

  /// A number in [low, high).
  package mutating func uniform(_ low: Float, _ high: Float) -> Float {
    low + (high - low) * (Float(word() >> 8) * 0x1p-24)
  }

  /// A number from the normal distribution of mean 0 and deviation 1 (Box and Muller's cosine
  /// half).
  package mutating func normal() -> Double {
    let radius = 1 - uniform()  // in (0, 1]: the logarithm is finite
    return (-2 * log(radius)).squareRoot() * cos(2 * Double.pi * uniform())
  }

  /// A whole number in 0 ..< bound, each equally likely; 0 where bound < 2.
  package mutating func below(_ bound: Int) -> Int {
    guard bound > 1 else { return 0 }
    // Lemire, "Fast random integer generation in an interval" (2019): reject the uneven rest.
    let range = UInt64(bound)
    let uneven = (0 &- range) % range
    while true {
      let (high, low) = next().multipliedFullWidth(by: range)
      if low >= uneven { return Int(high) }
    }
  }

  /// Brings `values` into random order (Fisher and Yates, from the end).
  package mutating func shuffle<Element>(_ values: inout [Element]) {
    guard values.count > 1 else { return }
    for last in stride(from: values.count - 1, to: 0, by: -1) {
      values.swapAt(last, below(last + 1))
    }
  }

  /// The numbers 0 ..< count in random order.
  package mutating func permutation(_ count: Int) -> [Int] {
    var order = Array(0..<max(0, count))
    shuffle(&order)
    return order
  }
}
