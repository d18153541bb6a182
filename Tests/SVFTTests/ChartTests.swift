// Charts are well-formed whatever they are given.
import Foundation
import SVFT
import Testing

@Suite struct ChartTests {
  @Test(arguments: [[1.0, 2, 3], [0, 0], [1e300, -1e300, .nan, .infinity, 1], [1e-300, 2e-300]])
  func anyNumbersGiveValidXML(_ values: [Double]) {
    let line = Chart.Line("a<b>&\u{1}", values.enumerated().map { (Double($0.offset), $0.element) })
    let svg = Chart(title: "t", xLabel: "x", yLabel: "y", lines: [line]).svg
    #expect(svg.hasPrefix("<svg") && svg.hasSuffix("</svg>\n"))
    #expect(svg.contains("a&lt;b&gt;&amp; "))
    #expect(!svg.contains("nan") && !svg.contains("inf"))
  }
}
