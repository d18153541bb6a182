// Pictures in another size, equal to Pillow's `resize` bit for bit: first each row gets its new
// width, then each column its new height, rounded to 8 bits after both. Since version 13 Pillow
// begins with the columns of a picture whose height shrinks by more than twice what its width does;
// earlier versions give such a picture numbers that differ by one here and there.
//
//   center(i) = (i + ½) s        s = old / new, at least 1 for the width of the filter: every input
//   y[i] = Σ_j w(i, j) x[j]      pixel counts where a picture becomes smaller
//
// Weights of one output pixel add up to 1 and are held in whole multiples of 2⁻²².
import SVFTFormats
package import SVFTTensor

extension Image {
  /// The picture in another size. Throws `.memory`, `.limit`.
  package func resized(
    height rows: Int, width columns: Int, _ filter: ImageFilter
  ) throws(SVFTError) -> Image {
    let isTall = height > rows && height - rows > 2 * (width - columns)
    return try resampled(to: isTall ? rows : columns, filter, vertically: isTall)
      .resampled(to: isTall ? columns : rows, filter, vertically: !isTall)
  }

  private func resampled(
    to size: Int, _ filter: ImageFilter, vertically: Bool
  ) throws(SVFTError) -> Image {
    guard size != (vertically ? height : width) else { return self }
    let target = try Image(
      width: vertically ? width : size, height: vertically ? size : height, channels: channels)
    let weights = try Resampling(from: vertically ? height : width, to: size, filter)
    guard let from = numbers.baseAddress, let to = target.numbers.baseAddress else { return target }
    if vertically {
      weights.apply(from, to, lines: 1, width: width * channels)
    } else {
      weights.apply(from, to, lines: height, width: channels)
    }
    return target
  }
}

/// The weights of one direction.
struct Resampling {
  /// Bits behind the point.
  private static let bits = 22
  private let old: Int
  private let new: Int
  /// Weights of one output pixel at most.
  private let stride: Int
  /// First input pixel and number of them, [new, 2].
  private let bounds: Buffer
  /// [new, stride]
  private let weights: Buffer

  /// Throws `.memory`, `.limit`.
  init(from old: Int, to new: Int, _ filter: ImageFilter) throws(SVFTError) {
    self.old = old
    self.new = new
    let scale = Double(old) / Double(new)
    let reach = filter.support * max(scale, 1)
    stride = Int(reach.rounded(.up)) * 2 + 1
    bounds = try Buffer(of: Int.self, count: Checked.product(2, new, "bounds of pixels"))
    weights = try Buffer(
      of: Int32.self, count: Checked.product(stride, new, "weights of pixels"))
    let held = try Buffer(of: Double.self, count: old)
    withExtendedLifetime(held) { fill(held.values(), filter, scale: scale, reach: reach) }
  }

  /// Computes bounds and weights; `row` has room for a weight of each input pixel.
  private func fill(
    _ row: UnsafeMutableBufferPointer<Double>, _ filter: ImageFilter, scale: Double, reach: Double
  ) {
    for pixel in 0..<new {
      let center = (Double(pixel) + 0.5) * scale
      let first = max(0, Int(center - reach + 0.5))
      let count = min(old, Int(center + reach + 0.5)) - first
      var sum = 0.0
      for place in 0..<count {
        row[place] = filter.weight(
          (Double(place + first) - center + 0.5) * (1 / max(scale, 1)))
        sum += row[place]
      }
      bounds.values(Int.self)[2 * pixel] = first
      bounds.values(Int.self)[2 * pixel + 1] = count
      for place in 0..<count {
        let share = (sum == 0 ? row[place] : row[place] * (1 / sum)) * Double(1 << Self.bits)
        weights.values(Int32.self)[pixel * stride + place] = Int32(
          share < 0 ? share - 0.5 : share + 0.5)
      }
    }
  }

  /// Makes `new` pixels of `old` in each of `lines`, where a pixel is `width` numbers.
  func apply(
    _ from: UnsafePointer<UInt8>, _ to: UnsafeMutablePointer<UInt8>, lines: Int, width: Int
  ) {
    guard let bounds = bounds.values(Int.self).baseAddress,
      let weights = weights.values(Int32.self).baseAddress
    else { return }
    for line in 0..<lines {
      for pixel in 0..<new {
        let (first, count) = (bounds[2 * pixel], bounds[2 * pixel + 1])
        let source = from + (line * old + first) * width
        let target = to + (line * new + pixel) * width
        let row = weights + pixel * stride
        for column in 0..<width {
          var sum: Int32 = 1 << Int32(Self.bits - 1)
          for place in 0..<count {
            sum &+= Int32(source[place * width + column]) &* row[place]
          }
          target[column] = UInt8(clamping: sum >> Int32(Self.bits))
        }
      }
    }
  }
}
