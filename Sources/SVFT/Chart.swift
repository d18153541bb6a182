// Curves as a picture people can look at: SVG text, no dependencies. Used for loss over steps and
// for spectra. The sheet they are drawn on is Chart+Sheet.swift.

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
  static let limit = 1e30

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

  private static let colours = ["#1f6fb4", "#d4622a", "#2d8a4e", "#8a4fb0", "#a33a3a", "#5c5c5c"]

  /// The chart as an SVG document.
  package var svg: String {
    let all = lines.flatMap(\.points)
    let x = Axis(all.map(\.x))
    let y = Axis(all.map(\.y))
    var sheet = Sheet(title)
    sheet.add(vertical: x)
    sheet.add(horizontal: y)
    for (index, line) in lines.enumerated() {
      let colour = Chart.colours[index % Chart.colours.count]
      let points = line.points.map { (sheet.across($0.x, x), sheet.down($0.y, y)) }
      let path = points.map { "\($0.0),\($0.1)" }.joined(separator: " ")
      sheet.add(
        "<polyline points=\"\(path)\" fill=\"none\" stroke=\"\(colour)\" stroke-width=\"2\"/>")
      if points.count < 40 {
        for (left, top) in points {
          sheet.add("<circle cx=\"\(left)\" cy=\"\(top)\" r=\"3\" fill=\"\(colour)\"/>")
        }
      }
      sheet.add(
        text: line.name, at: (728, 66 + 18 * Double(index)), .end, "fill=\"\(colour)\"")
    }
    sheet.add(text: xLabel, at: (405, 430), .middle)
    sheet.add(sideways: yLabel)
    return sheet.svg
  }
}
