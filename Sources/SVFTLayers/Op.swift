// What a recorded operation is, and what it sees while it runs.
//
// Rules of accumulation, once for the whole tree: gradients of parameters are added (+=), because
// they sum over micro-batches; gradients of values are written through `Run.target`, which says
// whether this op is the first to write (=) or a later one (+=).
//
// Every member of the team calls `forward` and `backward` and takes its share of chunks; before an
// op that depends on others the executor places a barrier. Bodies never throw, never allocate,
// never depend on the team's size.
package import SVFTTensor

/// One coarse operation of a graph (linear, attention, norm, …), forward and backward.
package protocol Op: AnyObject {
  /// Values it consumes, in the order in which `Run.target` counts them.
  var reads: [Value] { get }
  /// Those of `reads` whose numbers it never looks at: they take gradients, and are not computed
  /// for it.
  var shadows: [Value] { get }
  /// Values it produces.
  var writes: [Value] { get }
  /// Places in `reads` whose bytes what it writes may take over: it looks at each number of them
  /// before it writes the one in its place, the best first.
  var replaceable: [Int] { get }
  /// Places in `reads` whose gradient is that of what it writes, number by number. Where both lie
  /// in the same bytes there is nothing to write.
  var handedOn: [Int] { get }
  /// Places in `reads` whose gradient may take over their bytes: it looks at each number of them
  /// before it writes the gradient in its place.
  var overwritable: [Int] { get }
  /// Whether gradients flow from what it writes to what it reads.
  var passesGradient: Bool { get }
  /// Values (read or written) whose contents its backward needs.
  var keeps: [Value] { get }
  /// Parameters it adds gradients to.
  var parameters: [Parameter] { get }
  /// Bytes of scratch each member of the team needs.
  var memberScratch: Int { get }
  /// Bytes of scratch all members share, for `rows` rows.
  func sharedScratch(rows: Int) -> Int
  /// Steps of up to so many rows leave its forward nothing to do.
  var idleRows: Int { get }

  /// What reports call it: ops of one kind are counted together.
  var kind: String { get }
  /// Multiply-adds of its products with matrices in a step, there and back.
  func products(_ run: Run) -> (forward: Int, backward: Int)

  func forward(_ run: Run)
  func backward(_ run: Run)
}

extension Op {
  package var shadows: [Value] { [] }
  package var replaceable: [Int] { [] }
  package var handedOn: [Int] { [] }
  package var overwritable: [Int] { [] }
  package var passesGradient: Bool { true }
  package var parameters: [Parameter] { [] }
  package var memberScratch: Int { 0 }
  /// What its forward looks at.
  var operands: [Value] {
    let shadows = shadows
    return shadows.isEmpty ? reads : reads.filter { !shadows.contains($0) }
  }
  /// Whether it has gradients to compute where those of `wanted` values are wanted.
  func trains(_ wanted: [Bool]) -> Bool {
    !parameters.isEmpty || passesGradient && reads.contains { wanted[$0.id] }
  }
  package func sharedScratch(rows: Int) -> Int { 0 }
  package var idleRows: Int { 0 }
  package var kind: String { "\(Self.self)" }
  package func products(_ run: Run) -> (forward: Int, backward: Int) { (0, 0) }
  /// Whose rows it writes.
  var space: RowSpace { writes.first?.space ?? .step }
}

/// Where the gradient of a read value goes, and whether something is there already.
package struct GradientTarget {
  package let pointer: UnsafeMutablePointer<Float>
  package let accumulate: Bool
}

/// What one op sees of one replay: its values, its gradients, the step, its team.
package struct Run {
  package let arena: Arena
  package let batch: Batch
  package let team: Team
  /// Index of the op in the plan.
  package let op: Int
  /// Whose rows the op writes.
  let space: RowSpace

  /// Rows of this step.
  package var rows: Int { space.count(in: batch) }

  /// The numbers of a value, [rows, width].
  package func pointer(_ value: Value) -> UnsafeMutablePointer<Float> { arena.pointer(value) }

  /// The complete gradient of a value this op wrote, [rows, width]; nil where none flows.
  package func gradient(_ value: Value) -> UnsafeMutablePointer<Float>? { arena.gradient(value) }

  /// Where the gradient of the `index`-th read goes; nil where nobody needs it.
  package func target(_ index: Int) -> GradientTarget? { arena.target(op: op, read: index) }

  /// This member's own scratch.
  package var scratch: UnsafeMutableRawPointer { arena.memberScratch(team.id) }
  /// The scratch all members share.
  package var sharedScratch: UnsafeMutableRawPointer { arena.sharedScratch }
  /// Whether this step trains: dropout acts, activations are not rounded to 8 bit.
  package var training: Bool { batch.training }
}

/// One member's share of the blocks that a length is cut into; the cuts depend on the length alone.
package struct BlockShare: Sequence, IteratorProtocol {
  private var start: Int
  private let stride: Int
  private let length: Int
  private let block: Int

  init(_ team: Team, length: Int, block: Int) {
    start = team.id * block
    stride = team.size * block
    self.length = length
    self.block = block
  }

  package mutating func next() -> Range<Int>? {
    guard start < length else { return nil }
    defer { start += stride }
    return start..<Swift.min(length, start + block)
  }
}

extension Run {
  /// This member's blocks of 0 ..< length, each of `block` but the last.
  package func blocks(of length: Int, by block: Int) -> BlockShare {
    BlockShare(team, length: length, block: block)
  }
}
