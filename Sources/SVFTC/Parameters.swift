// Params structs of hosts, which may have been compiled with another release's header. Fields are
// only ever appended, so that the beginning is the same:
//
//   shorter than ours   what the host does not know has its default
//   longer than ours    what we do not know must be zero, as …_params_init leaves it
//
// New fields must not lie in what was padding at the end: a struct keeps its size then, and hosts
// leave anything there.
import CSVFT
import SVFT
import SVFTTensor

/// A struct of svft.h that begins with struct_size.
protocol HostParameters {
  /// What …_params_init fills in.
  static var defaults: Self { get }
}

extension svft_model_params: HostParameters {
  static var defaults: svft_model_params { svft_model_params() }
}

extension svft_generation_params: HostParameters {
  static var defaults: svft_generation_params { svft_generation_params(GenerationOptions()) }
}

extension svft_train_params: HostParameters {
  static var defaults: svft_train_params { svft_train_params(TrainingOptions()) }
}

extension HostParameters {
  /// Sizes of any release: no struct ends before its third field, and so much may come after ours.
  private static var sizes: ClosedRange<Int> { 16...MemoryLayout<Self>.size + 1024 }

  /// Fills a host's struct of `size` bytes with defaults. Throws `.invalidArgument` for NULL and
  /// for a size that no release has.
  static func fill(_ params: UnsafeMutablePointer<Self>?, _ size: Int) throws(SVFTError) {
    let target = UnsafeMutableRawPointer(try required(params, "params"))
    try check(size)
    target.initializeMemory(as: UInt8.self, repeating: 0, count: size)
    withUnsafeBytes(of: defaults) { bytes in
      let known = UnsafeRawBufferPointer(rebasing: bytes.prefix(size))
      UnsafeMutableRawBufferPointer(start: target, count: size).copyMemory(from: known)
    }
    target.storeBytes(of: UInt32(truncatingIfNeeded: size), as: UInt32.self)
  }

  /// A host's struct as one of ours; NULL is the defaults. Throws `.invalidArgument` for one that
  /// …_params_init did not fill, and for fields of a later release that are used.
  static func read(_ params: UnsafePointer<Self>?) throws(SVFTError) -> Self {
    guard let params else { return defaults }
    let source = UnsafeRawPointer(params)
    let size = Int(source.load(as: UInt32.self))
    try check(size)
    let known = min(size, MemoryLayout<Self>.size)
    let later = UnsafeRawBufferPointer(start: source + known, count: size - known)
    guard later.allSatisfy({ $0 == 0 }) else {
      throw SVFTError(
        .invalidArgument,
        "struct_size: expected \(known) bytes, or zeros after them, found \(size) with fields in "
          + "use that libsvft \(Release.version) does not have")
    }
    var result = defaults
    withUnsafeMutableBytes(of: &result) { bytes in
      bytes.copyMemory(from: UnsafeRawBufferPointer(start: source, count: known))
    }
    return result
  }

  private static func check(_ size: Int) throws(SVFTError) {
    let grain = MemoryLayout<Self>.alignment
    guard sizes.contains(size), size % grain == 0 else {
      throw SVFTError(
        .invalidArgument,
        "struct_size: expected \(MemoryLayout<Self>.size), or what another release has (a multiple "
          + "of \(grain) from \(sizes.lowerBound) to \(sizes.upperBound)), found \(size): fill "
          + "params with …_params_init(&params, sizeof params) first")
    }
  }
}
