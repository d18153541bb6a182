// The memory of one program: one block for values and gradients at the plan's offsets, one for
// scratch. Nothing is allocated while a program replays.
import SVFTTensor

/// Storage for one plan.
package final class Arena: @unchecked Sendable {
  private let block: Buffer
  private let shared: Buffer
  private let members: Buffer
  private let memberStride: Int
  private let values: [UnsafeMutablePointer<Float>?]
  private let gradients: [UnsafeMutablePointer<Float>?]
  private let writes: [[GradientFlow.Write]]
  private let targets: [[UnsafeMutablePointer<Float>?]]
  private let nowhere: UnsafeMutablePointer<Float>

  /// Allocates for `plan` and a team of up to `threads`.
  ///
  /// Throws `.memory`.
  init(_ plan: Plan, ops: [any Op], threads: Int) throws(SVFTError) {
    block = try Buffer(byteCount: plan.byteCount)
    shared = try Buffer(byteCount: plan.sharedScratch)
    memberStride = plan.memberScratch
    members = try Buffer(
      byteCount: Checked.product(max(1, threads), memberStride, "scratch of a team"))
    let base = block.pointer
    nowhere = base.assumingMemoryBound(to: Float.self)
    func place(_ offset: Int) -> UnsafeMutablePointer<Float>? {
      offset < 0 ? nil : (base + offset).assumingMemoryBound(to: Float.self)
    }
    values = plan.valueOffsets.map(place)
    let places = plan.gradientOffsets.map(place)
    gradients = places
    writes = plan.flow.writes
    targets = ops.map { op in op.reads.map { places[$0.id] } }
  }

  /// The numbers of a value.
  ///
  /// Every value of the graph has a place; see `Plan`.
  package func pointer(_ value: Value) -> UnsafeMutablePointer<Float> {
    values[value.id] ?? nowhere
  }

  /// The gradient of a value, if one flows.
  package func gradient(_ value: Value) -> UnsafeMutablePointer<Float>? { gradients[value.id] }

  func target(op: Int, read: Int) -> GradientTarget? {
    let write = writes[op][read]
    guard write != .none, let pointer = targets[op][read] else { return nil }
    return GradientTarget(pointer: pointer, accumulate: write == .accumulate)
  }

  func memberScratch(_ id: Int) -> UnsafeMutableRawPointer {
    members.pointer + id * memberStride
  }

  var sharedScratch: UnsafeMutableRawPointer { shared.pointer }
}
