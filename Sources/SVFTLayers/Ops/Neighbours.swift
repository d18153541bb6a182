// What a convolution over a sequence reads at each token: the numbers of those around it.
//
//   y[t, c · width + o] = x[t + o − width / 2, c]       zero beyond the sequence's ends
//   dx[s, c] = Σ_o dy[s − o + width / 2, c · width + o]
//
// A product with a kernel [out, in · width], as folders hold a Conv1d, then is the convolution.
import SVFTTensor

/// Each row with those around it in its sequence. [T, channels] → [T, channels · width]
final class Neighbours: Op {
  private let x: Value
  private let y: Value
  private let width: Int

  init(_ x: Value, _ y: Value, width: Int) {
    self.x = x
    self.y = y
    self.width = width
  }

  var reads: [Value] { [x] }
  var writes: [Value] { [y] }
  var keeps: [Value] { [] }

  func forward(_ run: Run) {
    let (x, y, channels) = (run.pointer(x), run.pointer(y), self.x.width)
    for span in run.batch.spans {
      let rows = span.offset..<span.offset + span.count
      for row in run.team.share(of: span.count).lazy.map({ rows.lowerBound + $0 }) {
        for other in 0..<width {
          let source = row + other - width / 2
          let target = y + row * channels * width + other
          for channel in 0..<channels {
            target[channel * width] = rows.contains(source) ? x[source * channels + channel] : 0
          }
        }
      }
    }
  }

  func backward(_ run: Run) {
    guard let g = run.gradient(y), let target = run.target(0) else { return }
    let channels = x.width
    for span in run.batch.spans {
      let rows = span.offset..<span.offset + span.count
      for row in run.team.share(of: span.count).lazy.map({ rows.lowerBound + $0 }) {
        let dx = target.pointer + row * channels
        if !target.accumulate { dx.update(repeating: 0, count: channels) }
        for other in 0..<width {
          let reader = row - other + width / 2
          guard rows.contains(reader) else { continue }
          let source = g + reader * channels * width + other
          for channel in 0..<channels { dx[channel] += source[channel * width] }
        }
      }
    }
  }
}

extension Graph {
  /// Records each row with `width`, an odd number, of those around it.
  ///
  /// [T, channels] → [T, channels · width]
  package func neighbours(_ x: Value, width: Int) -> Value {
    let y = value(width: x.width * width)
    record(Neighbours(x, y, width: width))
    return y
  }
}
