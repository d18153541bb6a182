// Elementwise functions, alone and as gates.
//
//   activation  y = f(x)           dx = dy · f'(x)
//   gated       y = f(gate) · up   dup = dy · f(gate)      dgate = dy · up · f'(gate)
//
// Both keep what they read. The functions themselves are kernels.
package import SVFTTensor

/// A function of one number: .silu, .gelu, .relu and others.
package typealias ActivationFunction = Kernels.Activation

/// Numbers that one member handles at a time.
private let block = 1024

/// y = f(x), elementwise.
final class Activation: Op {
  private let x: Value
  private let y: Value
  private let function: ActivationFunction

  init(_ x: Value, _ y: Value, _ function: ActivationFunction) {
    self.x = x
    self.y = y
    self.function = function
  }

  var reads: [Value] { [x] }
  var writes: [Value] { [y] }
  var keeps: [Value] { [x] }

  func forward(_ run: Run) {
    let (count, x, y) = (run.rows * x.width, run.pointer(x), run.pointer(y))
    for range in run.blocks(of: count, by: block) {
      Kernels.apply(
        function, x + range.lowerBound, into: y + range.lowerBound, count: range.count)
    }
  }

  func backward(_ run: Run) {
    guard let g = run.gradient(y), let dx = run.target(0) else { return }
    let (count, x) = (run.rows * x.width, run.pointer(x))
    for range in run.blocks(of: count, by: block) {
      let start = range.lowerBound
      Kernels.applyBackward(
        function, x + start, g + start, into: dx.pointer + start, count: range.count,
        accumulate: dx.accumulate)
    }
  }
}

/// y = f(gate) · up, elementwise.
final class Gated: Op {
  private let gate: Value
  private let up: Value
  private let y: Value
  private let function: ActivationFunction

  init(_ gate: Value, _ up: Value, _ y: Value, _ function: ActivationFunction) {
    self.gate = gate
    self.up = up
    self.y = y
    self.function = function
  }

  var reads: [Value] { [gate, up] }
  var writes: [Value] { [y] }
  var keeps: [Value] { [gate, up] }
  var memberScratch: Int { 2 * block * MemoryLayout<Float>.stride }

  func forward(_ run: Run) {
    let (gate, up, y) = (run.pointer(gate), run.pointer(up), run.pointer(y))
    for range in run.blocks(of: run.rows * self.y.width, by: block) {
      let start = range.lowerBound
      Kernels.apply(function, gate + start, into: y + start, count: range.count)
      Kernels.multiply(y + start, up + start, into: y + start, count: range.count)
    }
  }

  func backward(_ run: Run) {
    guard let g = run.gradient(y) else { return }
    let (gate, up) = (run.pointer(gate), run.pointer(up))
    let (dGate, dUp) = (run.target(0), run.target(1))
    // What nobody needs goes nowhere.
    let nowhere = run.scratch.assumingMemoryBound(to: Float.self)
    for range in run.blocks(of: run.rows * y.width, by: block) {
      let start = range.lowerBound
      Kernels.gateBackward(
        function, gate: gate + start, up: up + start, g + start,
        dGate: dGate.map { ($0.pointer + start, $0.accumulate) } ?? (nowhere, false),
        dUp: dUp.map { ($0.pointer + start, $0.accumulate) } ?? (nowhere + block, false),
        count: range.count)
    }
  }
}

extension Graph {
  /// Records f(x). [T, width]
  package func activation(_ x: Value, _ function: ActivationFunction) -> Value {
    let y = value(width: x.width)
    record(Activation(x, y, function))
    return y
  }

  /// Records f(gate) · up.
  ///
  /// Both [T, width].
  package func gated(_ gate: Value, _ up: Value, _ function: ActivationFunction) -> Value {
    let y = value(width: gate.width)
    record(Gated(gate, up, y, function))
    return y
  }
}
