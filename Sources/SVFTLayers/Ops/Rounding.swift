// Activations rounded once for all products of one value and for all threads.
//
//   bytes   to 8 bit, for integer products: tiles of codes, scales and offsets
//           (Kernels+StoredMatrix.swift), 40 bytes per 32 numbers of x; where nothing is trained,
//           because gradients want finer products
//   tiles   to BF16, for products in BF16 of more than a few rows, in the tiles these copy their
//           rows to (round_tile.c); gradients are used once each, and sharing their tiles was
//           slower than copying them near the product
//
// Both are values of their own. Steps computed in F32 leave them out, as the products do that would
// read them.
import SVFTTensor

/// x [T, columns] as products with some weights take it.
final class Rounding: Op {
  enum Form { case bytes, tiles }

  let x: Value
  /// As many floats as the rounded rows have bytes by four.
  let rounded: Value
  let form: Form
  private let weight: Weight

  init(_ x: Value, _ rounded: Value, for weight: Weight, _ form: Form) {
    self.x = x
    self.rounded = rounded
    self.weight = weight
    self.form = form
  }

  var reads: [Value] { [x] }
  var writes: [Value] { [rounded] }
  var keeps: [Value] { [] }
  var passesGradient: Bool { false }
  var idleRows: Int {
    switch form {
    case .bytes: 0
    case .tiles: (weight.matrix.inBF16.tiledFrom ?? 1) - 1
    }
  }

  /// How products of a graph with `weight` take their input rounded; nil for none.
  static func form(for weight: Weight, training: Bool) -> Form? {
    if weight.isExact { return nil }
    if !training, weight.format.prefersIntegerActivations { return .bytes }
    let rounds = weight.format.toleratesBF16 || training && weight.trainsInBF16
    return rounds && weight.matrix.inBF16.tiledFrom != nil ? .tiles : nil
  }

  /// Whether a product of `x` with `other` reads what this op writes.
  func serves(_ x: Value, _ other: Weight, _ form: Form) -> Bool {
    guard self.x == x, self.form == form else { return false }
    guard weight.matrix.isInTiles == other.matrix.isInTiles else { return false }
    return form == .bytes
      || weight.format.name == other.format.name && weight.trainsInBF16 == other.trainsInBF16
  }

  /// Whether products of a step with `weight` take their input in `form`.
  static func acts(_ form: Form, for weight: Weight, in run: Run) -> Bool {
    switch form {
    case .bytes: return run.batch.compute == .standard && !run.training
    case .tiles:
      guard let least = weight.matrix(in: run.batch).tiledFrom else { return false }
      return run.rows >= least
    }
  }

  func forward(_ run: Run) {
    guard Self.acts(form, for: weight, in: run) else { return }
    let (x, target) = (run.pointer(x), run.pointer(rounded))
    switch form {
    case .bytes:
      let matrix = weight.matrix
      for part in run.team.share(of: matrix.roundingParts(tokens: run.rows)) {
        matrix.round(part: part, of: x, tokens: run.rows, into: target)
      }
    case .tiles: run.roundTiles(of: x, columns: weight.columns, into: target)
    }
  }

  func backward(_ run: Run) {}
}

extension Run {
  /// Rounds this member's share of `x` [rows, columns] into tiles.
  func roundTiles(
    of x: UnsafePointer<Float>, columns: Int, into target: UnsafeMutablePointer<Float>
  ) {
    for tile in team.span(of: Kernels.tileCount(rows)) {
      Kernels.roundTile(tile, of: x, tokens: rows, columns: columns, into: target)
    }
  }
}

extension Graph {
  /// The rounding of `x` for products with `weight`, recorded at its first use.
  ///
  /// Nil where its format takes activations as they are.
  func rounded(_ x: Value, for weight: Weight) -> Rounding? {
    guard let form = Rounding.form(for: weight, training: training) else { return nil }
    for case let earlier as Rounding in ops.reversed()
    where earlier.serves(x, weight, form) {
      return earlier
    }
    let width =
      switch form {
      case .bytes: Kernels.quantizedRowBytes(weight.columns) / MemoryLayout<Float>.stride
      case .tiles: Kernels.tiledWidth(weight.columns)
      }
    let rounding = Rounding(x, value(width: width), for: weight, form)
    record(rounding)
    return rounding
  }
}
