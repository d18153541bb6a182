// Numbers of bytes as people write them: "512M", "2G" (powers of 1024), "5GB", "500MB" (powers of
// 1000, as transformers has them), "2GiB" (of 1024); a bare number counts bytes.
import SVFTTensor

/// Numbers of bytes in words.
package enum ByteCount {
  /// Longer endings first.
  private static let units: [(ending: String, bytes: Double)] = [
    ("kib", 0x1p10), ("mib", 0x1p20), ("gib", 0x1p30), ("kb", 1e3), ("mb", 1e6), ("gb", 1e9),
    ("k", 0x1p10), ("m", 0x1p20), ("g", 0x1p30), ("", 1),
  ]

  /// The number that `text` means, whole bytes of it, for the option `name`.
  ///
  /// Throws `.invalidArgument` for anything else, negative and immense ones too.
  package static func parse(_ text: String, _ name: String) throws(SVFTError) -> Int {
    let lowered = text.lowercased()
    for (ending, bytes) in units where lowered.hasSuffix(ending) {
      let number = lowered.dropLast(ending.count)
      guard number.allSatisfy({ $0.isASCII && ($0.isNumber || $0 == ".") }),
        let value = Double(number), value * bytes < 1e18
      else { break }
      return Int(value * bytes)
    }
    throw SVFTError(
      .invalidArgument,
      "\(name): expected a number of bytes such as 512M, 2G or 5GB, found \(text.debugDescription)")
  }
}
