// Bars begin at the reference, end at their values, and are well-formed whatever they are given.
import Foundation
import FoundationXML
import SVFT
import Testing

@Suite struct BarChartTests {
  /// The rectangles of an SVG document but the sheet itself, and its texts.
  private final class Reader: NSObject, XMLParserDelegate {
    var bars: [(y: Double, height: Double)] = []
    var texts: [String] = []

    func parser(
      _ parser: XMLParser, didStartElement name: String, namespaceURI: String?,
      qualifiedName: String?, attributes: [String: String]
    ) {
      if name == "text" { texts.append("") }
      guard name == "rect", let y = Double(attributes["y"] ?? "") else { return }
      bars.append((y, Double(attributes["height"] ?? "") ?? .nan))
    }

    func parser(_ parser: XMLParser, foundCharacters string: String) {
      if let last = texts.indices.last { texts[last] += string }
    }
  }

  private func read(_ svg: String) -> Reader {
    let parser = XMLParser(data: Data(svg.utf8))
    let reader = Reader()
    parser.delegate = reader
    #expect(parser.parse(), "\(String(describing: parser.parserError))")
    // Lines end where elements do.
    reader.texts = reader.texts.map { $0.trimmingCharacters(in: .newlines) }
    return reader
  }

  @Test func barsHangFromTheReferenceByWhatTheyChange() {
    let chart = BarChart(
      title: "t", yLabel: "loss",
      bars: [.init("a", 3, spread: 0.1), .init("b", 4), .init("c", 5.5)],
      reference: .init("base", 5))
    let drawn = read(chart.svg)
    #expect(drawn.bars.count == 3)
    // Two units, one unit, half a unit the other way.
    #expect(abs(drawn.bars[0].height - 2 * drawn.bars[1].height) < 0.25)
    #expect(abs(drawn.bars[1].height - 2 * drawn.bars[2].height) < 0.25)
    #expect(drawn.bars[0].y == drawn.bars[1].y)
    #expect(abs(drawn.bars[2].y + drawn.bars[2].height - drawn.bars[0].y) < 0.15)
    for text in ["t", "loss", "a", "b", "c", "base 5.0", "3.0"] {
      #expect(drawn.texts.contains(text), "\(text)")
    }
  }

  @Test func withoutAReferenceTheyStandOnZero() {
    let chart = BarChart(
      title: "t", yLabel: "accuracy", bars: [.init("a", 0.25), .init("b", 0.5)], reference: nil)
    let drawn = read(chart.svg)
    #expect(abs(drawn.bars[1].height - 2 * drawn.bars[0].height) < 0.25)
    #expect(!drawn.texts.contains { $0.hasPrefix("base") })
  }

  @Test(arguments: [[1.0, 2], [0, 0], [1e300, .nan, .infinity, 1], [-1e29, 1e29], []])
  func anyNumbersGiveValidXML(_ values: [Double]) {
    let bars = values.map { BarChart.Bar("a<b>&\u{1}" + String(repeating: "x", count: 40), $0) }
    for reference in [nil, BarChart.Bar("base", .nan), BarChart.Bar("base", 1, spread: .nan)] {
      let chart = BarChart(title: "t", yLabel: "y", bars: bars, reference: reference)
      #expect(chart.bars.count == values.count { abs($0) < 1e30 })
      let drawn = read(chart.svg)
      #expect(drawn.bars.count == chart.bars.count)
      #expect(!chart.svg.contains("nan") && !chart.svg.contains("inf"))
      #expect(chart.bars.isEmpty || drawn.texts.contains("a<b>& xxxxxxxxxxxxx…"))
    }
  }
}
