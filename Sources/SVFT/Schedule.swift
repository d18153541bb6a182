// The learning rate over the optimiser steps of a run: linear warm-up from 0, then the chosen shape
// down to `finalShare` of the peak at the last step.
//
//   constant  η        linear  η(1 - (1 - f)·p)        cosine  η(f + (1 - f)·½(1 + cos πp))
//
// with p = (step - warm-up) / (horizon - warm-up), the progress after warm-up.
import SVFTTensor

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// A learning-rate schedule over a fixed horizon.
package struct Schedule: Sendable {
  package let shape: TrainingOptions.ScheduleShape
  /// Steps of linear warm-up.
  package let warmup: Int
  /// Steps of the whole run.
  package let horizon: Int
  /// Where a falling schedule ends, as a share of the peak.
  package let finalShare: Double

  package init(
    _ shape: TrainingOptions.ScheduleShape, warmup: Int, horizon: Int, finalShare: Double = 0
  ) {
    self.shape = shape
    self.warmup = warmup
    self.horizon = horizon
    self.finalShare = finalShare
  }

  /// The factor on the peak learning rate at optimiser step `step`, counted from 0.
  package func factor(at step: Int) -> Double {
    if step < warmup { return Double(step + 1) / Double(warmup) }
    let progress = min(1, Double(step - warmup) / Double(max(1, horizon - warmup)))
    switch shape {
    case .constant: return 1
    case .linear: return 1 - (1 - finalShare) * progress
    case .cosine: return finalShare + (1 - finalShare) * 0.5 * (1 + cos(Double.pi * progress))
    }
  }
}
