// The filters that pictures are resized with, by the numbers that preprocessor_config.json (and
// Pillow) give them. A filter is a weight for the distance between an output pixel and an input
// pixel, in units of the larger of both; further than `support` away it is 0.
//
//   bilinear  1 - |x|                                                    |x| < 1
//   bicubic   (a + 2)|x|³ - (a + 3)x² + 1;  a(|x|³ - 5x² + 8|x| - 4)      a = -1/2 (Keys 1981)
//   lanczos   sinc(x) sinc(x / 3)                                        sinc(x) = sin(πx) / πx
//   hamming   sinc(x) (0.54 + 0.46 cos πx)                               |x| < 1
package import SVFTTensor

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// A filter for resizing.
package enum ImageFilter: Int, Sendable, CaseIterable {
  case lanczos = 1
  case bilinear = 2
  case bicubic = 3
  case box = 4
  case hamming = 5

  /// The filter of a number. Throws `.unsupported` where we have none.
  package init(number: Int, _ place: @autoclosure () -> String) throws(SVFTError) {
    guard let filter = ImageFilter(rawValue: number) else {
      let known = ImageFilter.allCases.map { "\($0.rawValue) (\($0))" }.joined(separator: ", ")
      throw SVFTError(.unsupported, "\(place()): expected \(known), found \(number)")
    }
    self = filter
  }

  /// The largest distance with a weight.
  var support: Double {
    switch self {
    case .box: 0.5
    case .bilinear, .hamming: 1
    case .bicubic: 2
    case .lanczos: 3
    }
  }

  /// The weight at distance `x`.
  func weight(_ x: Double) -> Double {
    let distance = abs(x)
    switch self {
    case .box: return x > -0.5 && x <= 0.5 ? 1 : 0
    case .bilinear: return distance < 1 ? 1 - distance : 0
    case .bicubic:
      let a = -0.5
      if distance < 1 { return ((a + 2) * distance - (a + 3)) * distance * distance + 1 }
      return distance < 2 ? (((distance - 5) * distance + 8) * distance - 4) * a : 0
    case .hamming:
      return distance < 1 ? Self.sinc(distance) * (0.54 + 0.46 * cos(distance * .pi)) : 0
    case .lanczos: return x >= -3 && x < 3 ? Self.sinc(x) * Self.sinc(x / 3) : 0
    }
  }

  private static func sinc(_ x: Double) -> Double { x == 0 ? 1 : sin(x * .pi) / (x * .pi) }
}
