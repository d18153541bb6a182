// Numbers and bytes of any format, for contracts over the registry: widths that are whole blocks,
// and matrices also in formats that cannot be written.
package import SVFTTensor

extension ElementFormats {
  /// Formats that matrices of 32 columns can be brought into.
  package static let small = encodable.filter { $0.fits(columns: 32) }
}

extension ElementFormat {
  /// The smallest width of whole blocks that is no less than `least`.
  package func width(_ least: Int) -> Int {
    (least + blockLength - 1) / blockLength * blockLength
  }

  /// Bytes of `count` numbers, a whole number of blocks: encoded ones between -1 and 1, or random
  /// blocks whose numbers are of that kind.
  package func sample(_ count: Int, _ numbers: inout TestNumbers) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: rowBytes(count))
    guard !canEncode else {
      let values = numbers.array(count)
      bytes.withUnsafeMutableBytes { target in
        guard let target = target.baseAddress else { return }
        encode(values, count: count, into: target)
      }
      return bytes
    }
    for block in 0..<count / blockLength {
      let found = randomBlock(&numbers)
      bytes.replaceSubrange(block * blockBytes..<(block + 1) * blockBytes, with: found)
    }
    return bytes
  }

  /// Random bytes that decode to finite numbers, the largest between 0.1 and 2.
  private func randomBlock(_ numbers: inout TestNumbers) -> [UInt8] {
    while true {
      let bytes = (0..<blockBytes).map { _ in UInt8(128 + 127 * numbers.next()) }
      var values = [Float](repeating: 0, count: blockLength)
      decode(bytes, count: blockLength, into: &values)
      guard values.allSatisfy(\.isFinite) else { continue }
      if (0.1...2).contains(values.map(abs).max() ?? 0) { return bytes }
    }
  }
}
