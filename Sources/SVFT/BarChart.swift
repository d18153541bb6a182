// Figures of several things side by side, as a picture: bars that begin at a reference, so that
// their length is what each of them changes, with a whisker for the spread of repeated runs.

/// A chart of bars.
package struct BarChart {
  /// One thing's figure.
  package struct Bar {
    package let name: String
    package let value: Double
    /// How far the whisker goes up and down; 0 for none.
    package let spread: Double

    package init(_ name: String, _ value: Double, spread: Double = 0) {
      self.name = name
      self.value = value
      self.spread = abs(spread) < Chart.limit ? abs(spread) : 0
    }
  }

  package let title: String
  package let yLabel: String
  package let bars: [Bar]
  /// What bars begin at, and its name; without one they begin at 0.
  package let reference: Bar?

  /// A chart of those bars whose values an axis can have.
  package init(title: String, yLabel: String, bars: [Bar], reference: Bar?) {
    self.title = title
    self.yLabel = yLabel
    self.bars = bars.filter { abs($0.value) < Chart.limit }
    self.reference = reference.flatMap { abs($0.value) < Chart.limit ? $0 : nil }
  }

  /// Letters of a name that fit below the frame.
  private static let letters = 20

  /// The chart as an SVG document.
  package var svg: String {
    let floor = reference?.value ?? 0
    let ends = bars.flatMap { [$0.value - $0.spread, $0.value + $0.spread] } + [floor]
    // Room for the numbers at the bars' ends.
    let room = 0.08 * ((ends.max() ?? 0) - (ends.min() ?? 0))
    let axis = Chart.Axis(
      ends
        + bars.map { $0.value < floor ? $0.value - $0.spread - room : $0.value + $0.spread + room })
    var sheet = Chart.Sheet(title, below: 140)
    sheet.add(horizontal: axis)
    let pitch = (sheet.right - sheet.left) / Double(max(1, bars.count))
    for (index, bar) in bars.enumerated() {
      let middle = Chart.Sheet.rounded(sheet.left + (Double(index) + 0.5) * pitch)
      draw(bar, middle, width: min(48, 0.7 * pitch), axis, on: &sheet)
    }
    let base = sheet.down(floor, axis)
    sheet.add(
      "<path d=\"M\(sheet.left) \(base)H\(sheet.right)\" stroke=\"#333333\" stroke-width=\"1.5\""
        + "\(reference == nil ? "" : " stroke-dasharray=\"6 4\"")/>")
    if let reference {
      sheet.add(
        text: "\(reference.name) \(Self.brief(reference.value))", at: (sheet.right, base - 6), .end)
    }
    sheet.add(sideways: yLabel)
    return sheet.svg
  }

  private func draw(
    _ bar: Bar, _ middle: Double, width: Double, _ axis: Chart.Axis, on sheet: inout Chart.Sheet
  ) {
    let (end, base) = (sheet.down(bar.value, axis), sheet.down(reference?.value ?? 0, axis))
    let (top, bottom) = (min(end, base), max(end, base))
    let left = Chart.Sheet.rounded(middle - width / 2)
    sheet.add(
      "<rect x=\"\(left)\" y=\"\(top)\" width=\"\(Chart.Sheet.rounded(width))\" "
        + "height=\"\(Chart.Sheet.rounded(bottom - top))\" fill=\"#1f6fb4\"/>")
    let high = sheet.down(bar.value + bar.spread, axis)
    let low = sheet.down(bar.value - bar.spread, axis)
    if bar.spread > 0 {
      sheet.add(
        "<path d=\"M\(middle) \(high)V\(low)M\(middle - 5) \(high)h10M\(middle - 5) \(low)h10\" "
          + "stroke=\"#111111\" fill=\"none\"/>")
    }
    // Beyond the bar's end: below where bars hang, above where they stand.
    sheet.add(
      text: Self.brief(bar.value), at: (middle, end > base ? low + 14 : high - 5), .middle,
      "font-size=\"11\"")
    let name =
      bar.name.count > Self.letters ? bar.name.prefix(Self.letters - 1) + "…" : bar.name[...]
    sheet.add(
      text: String(name), at: (middle + 4, sheet.bottom + 14), .end,
      "transform=\"rotate(-60 \(middle + 4) \(sheet.bottom + 14))\"")
  }

  /// A number with four digits.
  private static func brief(_ value: Double) -> String {
    var scale = 1.0
    while scale < 1000, abs(value) * scale < 1000 { scale *= 10 }
    return "\((value * scale).rounded() / scale)"
  }
}
