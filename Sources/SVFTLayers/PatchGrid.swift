// How an image becomes the rows of a sequence: a few special rows first, which hold learned vectors
// and no pixels, then one row for each patch, from left to right and from the top down.
//
//   patch (i, j)[(c·h + y)·w + x] = image[c][i·h + y][j·w + x]      h×w a patch, c a channel
//
// This is the order in which a convolution's kernel [rows, c, h, w] lies, so a convolution whose
// step is its size is a product with that kernel as a matrix. Pixels beyond the last whole patch
// are left out.
package import SVFTTensor

/// The patches of an image of fixed size.
package struct PatchGrid: Sendable, Hashable {
  package let channels: Int
  package let height: Int
  package let width: Int
  package let patchHeight: Int
  package let patchWidth: Int
  /// Rows before the patches.
  package let specials: Int

  /// Throws `.format` for an image without a whole patch, `.limit` beyond 2²⁰ rows or 2²⁶ numbers.
  package init(
    channels: Int, height: Int, width: Int, patchHeight: Int, patchWidth: Int, specials: Int
  ) throws(SVFTError) {
    guard channels > 0, patchHeight > 0, patchWidth > 0, height >= patchHeight,
      width >= patchWidth, specials >= 0
    else {
      throw SVFTError(
        .format,
        "expected an image of at least one patch, found \(height)×\(width) of \(channels) channels "
          + "and patches of \(patchHeight)×\(patchWidth)")
    }
    let numbers = try Checked.product([channels, height, width], "the numbers of an image")
    let rows = height / patchHeight * (width / patchWidth)
    guard numbers <= 1 << 26, rows <= 1 << 20 else {
      throw SVFTError(
        .limit,
        "expected an image of at most 2^26 numbers in 2^20 patches, found \(numbers) in "
          + "\(rows)")
    }
    self.channels = channels
    self.height = height
    self.width = width
    self.patchHeight = patchHeight
    self.patchWidth = patchWidth
    self.specials = specials
  }

  /// Rows of an image's sequence.
  package var rows: Int { specials + height / patchHeight * (width / patchWidth) }
  /// Numbers of one patch.
  package var patchNumbers: Int { channels * patchHeight * patchWidth }
  /// Numbers of an image.
  package var numbers: Int { channels * height * width }

  /// What each row is, by number: 0 to specials - 1 for those, `specials` for every patch.
  package var kinds: [Int32] {
    (0..<rows).map { Int32(truncatingIfNeeded: min($0, specials)) }
  }

  /// Cuts an image, [channels, height, width], into the rows of its patches, [rows - specials,
  /// patchNumbers].
  package func cut(_ planes: UnsafePointer<Float>, into rows: UnsafeMutablePointer<Float>) {
    var target = rows
    for top in stride(from: 0, through: height - patchHeight, by: patchHeight) {
      for left in stride(from: 0, through: width - patchWidth, by: patchWidth) {
        for channel in 0..<channels {
          for line in 0..<patchHeight {
            let source = (channel * height + top + line) * width + left
            target.update(from: planes + source, count: patchWidth)
            target += patchWidth
          }
        }
      }
    }
  }
}
