// How several rows of hidden states become one. Of n rows x_1 … x_n of a sequence:
//
//   mean           Σ x_i / n
//   rootMean       Σ x_i / √n
//   weightedMean   Σ i·x_i / Σ i
//   largest        max x_i, of each column by itself
import SVFTTensor

extension Selection {
  /// What is done to the rows of a range.
  package enum Blend: String, Sendable, Hashable, CaseIterable {
    case mean, rootMean, weightedMean, largest
  }

  /// Some rows of each sequence, and what becomes of them.
  package struct Piece: Sendable, Hashable {
    package let rule: Rule
    package let blend: Blend

    package init(_ rule: Rule, _ blend: Blend = .mean) {
      self.rule = rule
      self.blend = blend
    }
  }
}

extension Selection.Blend {
  /// Fills `target` [count] from `rows` of `hidden` [·, width]; without rows, with zeros.
  func apply(
    _ rows: Range<Int>, from hidden: UnsafePointer<Float>, width: Int,
    into target: UnsafeMutablePointer<Float>, count: Int
  ) {
    target.update(repeating: 0, count: count)
    for (number, row) in rows.enumerated() {
      let source = hidden + row * width
      switch self {
      case .mean, .rootMean: Kernels.add(source, to: target, count: count)
      case .weightedMean: Kernels.add(source, times: Float(number + 1), to: target, count: count)
      case .largest where number == 0: target.update(from: source, count: count)
      case .largest: Self.raise(target, to: source, count: count)
      }
    }
    guard rows.count > 1, self != .largest else { return }
    Kernels.scale(target, by: share(of: rows.count), into: target, count: count)
  }

  /// What the sum over so many rows is multiplied with.
  private func share(of rows: Int) -> Float {
    let count = Float(rows)
    return switch self {
    case .mean: 1 / count
    case .rootMean: 1 / count.squareRoot()
    case .weightedMean: 2 / (count * (count + 1))
    case .largest: 1
    }
  }

  /// The larger of two numbers; what is none stays, for whoever looks at the outputs.
  private static func raise(
    _ target: UnsafeMutablePointer<Float>, to source: UnsafePointer<Float>, count: Int
  ) {
    for index in 0..<count where source[index] > target[index] || source[index].isNaN {
      target[index] = source[index]
    }
  }
}
