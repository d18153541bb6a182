// YaRN (Peng et al. 2023, arXiv:2309.00071): pairs that turn often within the original context keep
// their frequency, pairs that hardly turn are interpolated, those between are mixed by a ramp:
//
//   pair(n) = W · ln(original / 2πn) / (2 ln θ)          where a pair makes n turns
//   ramp(i) = clamp((i − low) / (high − low), 0 ... 1)   low = pair(fast), high = pair(slow)
//   f' = f · (1 − ramp) + f / factor · ramp
//
// Cosines and sines are multiplied by 0.1 ln factor + 1, or as a file says.

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

extension RopeScaling {
  /// The numbers of one YaRN rule.
  package struct YaRN: Sendable, Equatable {
    package var factor: Double
    /// The context the model was first trained on.
    package var original: Double
    /// Turns from which on a frequency stays.
    package var fast = 32.0
    /// Turns below which a frequency is interpolated in full.
    package var slow = 1.0
    /// Whether the ramp begins and ends at whole pairs.
    package var truncates = true
    /// What cosines and sines are multiplied by.
    package var attentionFactor: Double

    package init(factor: Double, original: Double, attentionFactor: Double? = nil) {
      self.factor = factor
      self.original = original
      self.attentionFactor = attentionFactor ?? Self.usualAttentionFactor(factor)
    }

    /// 0.1 · scale · ln factor + 1; 1 where nothing is stretched.
    static func usualAttentionFactor(_ factor: Double, scale: Double = 1) -> Double {
      factor <= 1 ? 1 : 0.1 * scale * log(factor) + 1
    }

    /// What the frequency of one pair is divided by.
    func divisor(_ pair: Int, theta: Double, width: Int) -> Double {
      let (low, high) = ramp(theta: theta, width: width)
      let share = min(1, max(0, (Double(pair) - low) / (high - low)))
      return 1 / (1 - share + share / factor)
    }

    private func ramp(theta: Double, width: Int) -> (low: Double, high: Double) {
      func pair(_ turns: Double) -> Double {
        Double(width) * log(original / (turns * 2 * .pi)) / (2 * log(theta))
      }
      var (low, high) = (pair(fast), pair(slow))
      if truncates { (low, high) = (low.rounded(.down), high.rounded(.up)) }
      low = max(low, 0)
      high = min(high, Double(width - 1))
      // Not a division by zero where both ends meet.
      return (low, low == high ? high + 0.001 : high)
    }
  }
}
