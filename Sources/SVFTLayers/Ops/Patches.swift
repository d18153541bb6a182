// The patches of a step's images, as its batch holds them.
//
//   y[t] = patch of row t, zeros where the row is a special one
//
// Pixels are given: no gradient flows to them.
import SVFTTensor

/// y = the batch's patches.
final class Patches: Op {
  private let y: Value

  init(_ y: Value) { self.y = y }

  var reads: [Value] { [] }
  var writes: [Value] { [y] }
  var keeps: [Value] { [] }

  func forward(_ run: Run) {
    let y = run.pointer(y)
    let width = self.y.width
    let patches = run.batch.grid?.patchNumbers == width ? run.batch.patches : nil
    for row in run.team.share(of: run.rows) {
      if let patches {
        (y + row * width).update(from: patches + row * width, count: width)
      } else {
        (y + row * width).update(repeating: 0, count: width)
      }
    }
  }

  func backward(_ run: Run) {}
}

extension Graph {
  /// Records the patches of a step's images. → [T, grid.patchNumbers]
  package func patches(of grid: PatchGrid) -> Value {
    let y = value(width: grid.patchNumbers)
    record(Patches(y))
    return y
  }
}
