// Curves as a picture people can look at: SVG text, no dependencies. Used for loss over steps and
// for spectra.

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// A line chart with labelled axes.
package struct Chart {
  /// One named line.
  package struct Line {
    package let name: String
    package let points: [(x: Double, y: Double)]

    package init(_ name: String, _ points: [(x: Double, y: Double)]) {
      self.name = name
      self.points = points.filter { abs($0.x) < Chart.limit && abs($0.y) < Chart.limit }
    }
  }

  /// Beyond this an axis has no sensible ticks; NaN and infinities are beyond it too.
  private static let limit = 1e30

  package let title: String
  package let xLabel: String
  package let yLabel: String
  package let lines: [Line]

  package init(title: String, xLabel: String, yLabel: String, lines: [Line]) {
    self.title = title
    self.xLabel = xLabel
    self.yLabel = yLabel
    self.lines = lines.filter { !$0.points.isEmpty }
  }

  private static let size = (width: 760.0, height: 440.0)
  private static let frame = (left: 70.0, top: 46.0, right: 20.0, bottom: 52.0)
  private static let colours = ["#1f6fb4", "#d4622a", "#2d8a4e", "#8a4fb0", "#a33a3a", "#5c5c5c"]

  /// The chart as an SVG document.
  package var svg: String {
    let all = lines.flatMap(\.points)
    let x = Axis(all.map(\.x))
    let y = Axis(all.map(\.y))
    var parts = [
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"760\" height=\"440\" "
        + "viewBox=\"0 0 760 440\" font-family=\"sans-serif\" font-size=\"13\">",
      "<rect width=\"760\" height=\"440\" fill=\"#ffffff\"/>",
      "<text x=\"70\" y=\"26\" font-size=\"17\">\(escaped(title))</text>",
    ]
    for tick in x.ticks {
      let at = across(tick, x)
      parts.append(
        "<path d=\"M\(at) \(Chart.frame.top)V388\" stroke=\"#e4e4e4\"/>"
          + "<text x=\"\(at)\" y=\"406\" text-anchor=\"middle\">\(x.label(tick))</text>")
    }
    for tick in y.ticks {
      let at = down(tick, y)
      parts.append(
        "<path d=\"M70 \(at)H740\" stroke=\"#e4e4e4\"/>"
          + "<text x=\"62\" y=\"\(at + 4)\" text-anchor=\"end\">\(y.label(tick))</text>")
    }
    for (index, line) in lines.enumerated() {
      let colour = Chart.colours[index % Chart.colours.count]
      let path = line.points.map { "\(across($0.x, x)),\(down($0.y, y))" }.joined(separator: " ")
      parts.append(
        "<polyline points=\"\(path)\" fill=\"none\" stroke=\"\(colour)\" stroke-width=\"2\"/>")
      if line.points.count < 40 {
        for point in line.points {
          parts.append(
            "<circle cx=\"\(across(point.x, x))\" cy=\"\(down(point.y, y))\" r=\"3\" "
              + "fill=\"\(colour)\"/>")
        }
      }
      let top = 66.0 + 18 * Double(index)
      parts.append(
        "<text x=\"728\" y=\"\(top)\" text-anchor=\"end\" fill=\"\(colour)\">"
          + "\(escaped(line.name))</text>")
    }
    parts.append("<text x=\"405\" y=\"430\" text-anchor=\"middle\">\(escaped(xLabel))</text>")
    parts.append(
      "<text transform=\"translate(18 217) rotate(-90)\" text-anchor=\"middle\">"
        + "\(escaped(yLabel))</text>")
    parts.append("</svg>\n")
    return parts.joined(separator: "\n")
  }

  private func across(_ value: Double, _ axis: Axis) -> Double {
    let span = Chart.size.width - Chart.frame.left - Chart.frame.right
    return rounded(Chart.frame.left + axis.share(value) * span)
  }

  private func down(_ value: Double, _ axis: Axis) -> Double {
    let span = Chart.size.height - Chart.frame.top - Chart.frame.bottom
    return rounded(Chart.size.height - Chart.frame.bottom - axis.share(value) * span)
  }

  private func rounded(_ value: Double) -> Double { (value * 10).rounded() / 10 }

  private func escaped(_ text: String) -> String {
    text.reduce(into: "") { result, character in
      switch character {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      // XML has no way to write most control characters.
      default:
        result += character.unicodeScalars.allSatisfy { $0.value >= 32 } ? "\(character)" : " "
      }
    }
  }
}

/// A linear axis with round ticks.
private struct Axis {
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
