// The scales of blocks, quantised in their turn (Dettmers et al., arXiv:2305.14314, §3): less their
// mean, in blocks of 256 that have one F32 scale each, to eight bits of a map of numbers:
//
//   scale = map[code] · nested scale + offset
//
// The map is that of dynamic quantisation (arXiv:1511.04561): ± 10^(i - 6) times the middles of 2^i
// equal parts of 0.1...1, for i in 0...6, and 0 and 1. Files carry it with them.

/// Scales in eight bits.
package enum DoubleQuantization {
  /// Scales with one nested scale.
  package static let blockLength = 256

  /// The 256 numbers, rising.
  package static let map: [Float] = {
    var numbers: [Float] = [0, 1]
    for exponent in 0..<7 {
      let parts = 1 << exponent
      let power = (0..<6 - exponent).reduce(Float(1)) { power, _ in power / 10 }
      for part in 0..<parts {
        let middle = 0.1 + 0.9 * (Float(part) + 0.5) / Float(parts)
        numbers += [power * middle, -power * middle]
      }
    }
    return numbers.sorted()
  }()

  /// Scales from their codes. Each of `nested` is for `blockLength` of them.
  package static func decode(
    _ codes: UnsafeRawBufferPointer, map: [Float], nested: [Float], blockLength: Int,
    offset: Float, into scales: UnsafeMutableBufferPointer<Float>
  ) {
    for (place, code) in codes.enumerated() {
      scales[place] = map[Int(code)] * nested[place / blockLength] + offset
    }
  }

  /// Codes of scales, and what they are decoded with.
  package static func encode(
    _ scales: UnsafeMutableBufferPointer<Float>, into codes: UnsafeMutableBufferPointer<UInt8>
  ) -> (nested: [Float], offset: Float) {
    let offset = Float(scales.reduce(0.0) { $0 + Double($1) } / Double(max(1, scales.count)))
    let middles = zip(map, map.dropFirst()).map { ($0 + $1) / 2 }
    var nested: [Float] = []
    for first in stride(from: 0, to: scales.count, by: blockLength) {
      let block = first..<min(scales.count, first + blockLength)
      let largest = block.reduce(Float(0)) { max($0, abs(scales[$1] - offset)) }
      nested.append(largest)
      for place in block {
        let value = largest > 0 ? (scales[place] - offset) / largest : 0
        codes[place] = UInt8(clamping: Self.position(of: value, in: middles))
      }
    }
    return (nested, offset)
  }

  /// How many of `middles`, which rise, lie below `value`.
  private static func position(of value: Float, in middles: [Float]) -> Int {
    var (low, high) = (0, middles.count)
    while low < high {
      let middle = (low + high) / 2
      if value > middles[middle] { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
