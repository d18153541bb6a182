// Pictures are XML that any reader takes, and hold the numbers they were made from.
import Foundation
import FoundationXML
import SVFT
import SVFTFormats
import SVFTTensor
import TestKit
import Testing

@Suite struct PlotterTests {
  /// Collects the points of polylines and the texts of an SVG document.
  private final class Reader: NSObject, XMLParserDelegate {
    var lines: [[(x: Double, y: Double)]] = []
    var text = ""

    func parser(
      _ parser: XMLParser, didStartElement name: String, namespaceURI: String?,
      qualifiedName: String?, attributes: [String: String]
    ) {
      guard name == "polyline" else { return }
      let pairs = (attributes["points"] ?? "").split(separator: " ").map {
        $0.split(separator: ",").compactMap { Double($0) }
      }
      lines.append(pairs.map { ($0[0], $0[1]) })
    }

    func parser(_ parser: XMLParser, foundCharacters string: String) { text += string }
  }

  private func read(_ path: String) throws -> Reader {
    let parser = XMLParser(data: try Data(contentsOf: URL(fileURLWithPath: path)))
    let reader = Reader()
    parser.delegate = reader
    #expect(parser.parse(), "\(String(describing: parser.parserError))")
    return reader
  }

  /// Whether `y` is a straight function of `x`, to the tenth of a pixel that points are rounded to.
  private func isLinear(_ x: [Double], _ y: [Double]) -> Bool {
    guard x.count == y.count, let low = x.indices.min(by: { x[$0] < x[$1] }),
      let high = x.indices.max(by: { x[$0] < x[$1] }), x[high] > x[low]
    else { return false }
    let slope = (y[high] - y[low]) / (x[high] - x[low])
    return zip(x, y).allSatisfy { abs(y[low] + slope * ($0 - x[low]) - $1) < 0.11 }
  }

  @Test func lossesOfARunAreItsPoints() throws {
    let folder = try TemporaryFolder()
    let losses = [5.5, 4.25, 4.5, 3.0, 2.75]
    let held = [5.0, 2.5]
    var lines = losses.enumerated().map {
      "{\"event\":\"step\",\"step\":\(($0.offset + 1) * 10),\"loss\":\($0.element)}"
    }
    lines.append("{\"event\":\"skipped\",\"step\":60,\"loss\":null}")
    for (index, loss) in held.enumerated() {
      lines.append(
        "{\"event\":\"evaluation\",\"step\":\(25 * (index + 1)),\"loss\":1,"
          + "\"validation_loss\":\(loss)}")
    }
    let input = try folder.write("metrics.jsonl", lines.joined(separator: "\n") + "\n")
    try Plotter.plot(input, to: folder.file("loss.svg"))
    let drawn = try read(folder.file("loss.svg"))
    #expect(drawn.lines.map(\.count) == [5, 2])
    #expect(isLinear([10, 20, 30, 40, 50, 25, 50], drawn.lines.flatMap { $0.map(\.x) }))
    #expect(isLinear(losses + held, drawn.lines.flatMap { $0.map(\.y) }))
    // Up is more: the first loss is the highest.
    #expect(drawn.lines[0].map(\.y).min() == drawn.lines[0][0].y)
    for word in ["Loss of the run", "optimiser step", "training", "validation"] {
      #expect(drawn.text.contains(word))
    }
  }

  @Test func metricsOfARealRunAreDrawn() throws {
    let tiny = try TinyVerbs()
    let adapter = try tiny.model().createAdapter(#"{"method":"lora","r":2}"#)
    var options = TrainingOptions()
    (options.steps, options.reportEvery, options.batchSize) = (4, 1, 2)
    options.validationShare = 0.25
    let out = tiny.folder.file("out")
    try Trainer(adapter, data: try tiny.data(), output: out, options: options).train()
    try Plotter.plot(out + "/metrics.jsonl", to: tiny.folder.file("run.svg"))
    let drawn = try read(tiny.folder.file("run.svg"))
    #expect(drawn.lines.first?.count == 4)
    #expect(drawn.text.contains("validation"))
  }

  @Test func spectraOfAnInspectionAreDrawn() throws {
    let tiny = try TinyVerbs()
    let report = try Inspector.inspect(
      tiny.folder.file("model"), options: #"{"spectrum":true}"#)
    let input = try tiny.folder.write("report.json", report)
    try Plotter.plot(input, to: tiny.folder.file("spectra.svg"))
    let drawn = try read(tiny.folder.file("spectra.svg"))
    #expect(drawn.lines.count == 6)
    let tensors = try JSON.parse(report).root("report").objects("tensors")
    let first = try #require(tensors.first { $0.has("spectrum") })
    #expect(isLinear(try first.doubles("spectrum"), drawn.lines[0].map(\.y)))
    #expect(drawn.text.contains(try first.string("name")))
  }

  @Test func groupsOfAnAblationAreDrawn() throws {
    let folder = try TemporaryFolder()
    let groups = ["q_proj", "mlp"].enumerated().map {
      "{\"name\":\"\($0.element)\",\"mean\":{\"loss\":\(3 + $0.offset)},"
        + "\"spread\":{\"loss\":0.25}}"
    }
    let text =
      "{\"figure\":\"loss\",\"setup\":{\"budget\":99},\"base\":{\"loss\":5},\"groups\":["
      + groups.joined(separator: ",") + ",{\"name\":\"none\",\"mean\":{},\"spread\":{}}]}"
    let input = try folder.write("ablation.json", text)
    try Plotter.plot(input, to: folder.file("ablation.svg"))
    let drawn = try read(folder.file("ablation.svg"))
    for word in ["q_proj", "mlp", "base 5.0", "99 trained numbers", "held-out loss"] {
      #expect(drawn.text.contains(word), "\(word)")
    }
    #expect(!drawn.text.contains("none"))
  }

  @Test(arguments: [
    ("metrics.jsonl", "", SVFTError.Kind.data), ("metrics.jsonl", "{\"step\":1}", .format),
    ("metrics.jsonl", "{\"event\":\"step\",\"step\":1,\"loss\":2}\n{", .truncated),
    ("report.json", "{\"tensors\":[]}", .data), ("report.json", "[]", .format),
    ("report.json", "{\"tensors\":[{\"name\":\"a\",\"spectrum\":[0,0]}]}", .data),
    ("ablation.json", "{\"groups\":[]}", .format),
    ("ablation.json", "{\"groups\":[],\"figure\":\"loss\",\"setup\":{\"budget\":9}}", .data),
  ])
  func nothingToDrawIsSaid(_ name: String, _ text: String, _ kind: SVFTError.Kind) throws {
    let folder = try TemporaryFolder()
    let input = try folder.write(name, text)
    let failure = #expect(throws: SVFTError.self) {
      try Plotter.plot(input, to: folder.file("a.svg"))
    }
    #expect(failure?.kind == kind)
    #expect(!FileManager.default.fileExists(atPath: folder.file("a.svg")))
  }

  @Test func aMissingInputIsNamed() throws {
    let folder = try TemporaryFolder()
    let failure = #expect(throws: SVFTError.self) {
      try Plotter.plot(folder.file("none.jsonl"), to: folder.file("a.svg"))
    }
    #expect(failure?.kind == .io)
  }

  @Test func aPictureIsAnSVGFileAndNotItsInput() throws {
    let folder = try TemporaryFolder()
    let line = #"{"event":"step","step":1,"loss":2}"#
    let input = try folder.write("metrics.jsonl", line)
    let report = try folder.write("report.svg", #"{"tensors":[{"name":"a","spectrum":[2,1]}]}"#)
    for (from, to) in [
      (input, folder.file("loss.png")), (input, folder.file("loss")), (input, input),
      (report, report), (report, folder.path + "/./report.svg"),
    ] {
      #expect(kind { try Plotter.plot(from, to: to) } == .invalidArgument, "\(to)")
    }
    #expect(try String(contentsOfFile: input, encoding: .utf8) == line)
    #expect(try String(contentsOfFile: report, encoding: .utf8).hasPrefix("{"))
    try Plotter.plot(input, to: folder.file("loss.SVG"))
    try Plotter.plot(input, to: folder.file("loss.SVG"))
  }

  @Test func recordsThatAreNoMetricsAreNamed() throws {
    let folder = try TemporaryFolder()
    let input = try folder.write("data.jsonl", #"{"text":"a","label":"b"}"#)
    let failure = #expect(throws: SVFTError.self) {
      try Plotter.plot(input, to: folder.file("a.svg"))
    }
    #expect(failure?.message.hasPrefix("\(input), line 1: expected a record of a run") == true)
    #expect(failure?.message.hasSuffix("found keys text, label") == true)
  }
}
