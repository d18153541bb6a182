// A vector of the checkpoint (norm weight, bias) as ops read it: F32, whatever format the file has.
//
// An aligned F32 vector is read where it lies. Any other is decoded into the member's scratch at
// each use: a few hundred numbers, and the file's bytes stay the only copy.
import SVFTTensor

/// A vector [width] that an op multiplies or adds, with the parameter that may stand in for it.
struct VectorOperand {
  let width: Int
  let trained: Parameter?
  private let weight: Weight
  private let isPlain: Bool

  init(_ slot: Slot) { self.init(slot.current, slot.standIn) }

  init(_ weight: Weight, _ trained: Parameter?) {
    self.weight = weight
    self.trained = trained
    width = weight.rows * weight.columns
    isPlain =
      weight.format.ggufType == ElementFormats.f32.ggufType
      && Int(bitPattern: weight.bytes.pointer) % MemoryLayout<Float>.alignment == 0
  }

  /// Bytes of scratch that `values` needs.
  var scratchBytes: Int { isPlain ? 0 : width * MemoryLayout<Float>.stride }

  /// The numbers; `scratch` must hold them while they are used.
  func values(_ scratch: UnsafeMutableRawPointer) -> UnsafePointer<Float> {
    if isPlain { return UnsafePointer(weight.bytes.pointer.assumingMemoryBound(to: Float.self)) }
    let target = scratch.assumingMemoryBound(to: Float.self)
    weight.decode(rows: 0..<weight.rows, into: target)
    return UnsafePointer(target)
  }

  /// Where the gradient is added, [width]; nil where the vector is frozen.
  var gradient: UnsafeMutablePointer<Float>? { trained?.gradients.baseAddress }
}
