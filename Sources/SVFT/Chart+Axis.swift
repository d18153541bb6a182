// The numbers along one side of a chart.

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

extension Chart {
  /// A linear axis with round ticks.
  struct Axis {
    let low: Double
    let high: Double
    let step: Double

    init(_ values: [Double]) {
      var low = values.min() ?? 0
      var high = values.max() ?? 1
      if high - low < 1e-12 * max(1, abs(high)) {
        low -= 0.5
        high += 0.5
      }
      let raw = (high - low) / 6
      let power = pow(10, log10(raw).rounded(.down))
      let step = ([1, 2, 5, 10].first { $0 * power >= raw } ?? 10) * power
      self.step = step
      self.low = (low / step).rounded(.down) * step
      self.high = (high / step).rounded(.up) * step
    }

    var ticks: [Double] {
      let count = min(20, max(1, Int(((high - low) / step).rounded())))
      return (0...count).map { low + Double($0) * step }
    }

    func share(_ value: Double) -> Double { (value - low) / (high - low) }

    func label(_ value: Double) -> String {
      let digits = step >= 1 ? 0 : min(9, Int(-log10(step).rounded(.down)))
      let scale = pow(10, Double(digits))
      let number = (value * scale).rounded() / scale
      return digits == 0 && abs(number) < 1e15 ? "\(Int(number))" : "\(number)"
    }
  }
}
