// Pictures of what the library wrote: loss curves from metrics.jsonl, spectra from an inspect
// report, groups of modules from an ablation.
import SVFTFormats
public import SVFTTensor

/// Draws charts as SVG files.
public enum Plotter {
  /// Draws `input`, a metrics.jsonl, the JSON of an inspection with spectra or of an ablation, into
  /// the file `output`, whose name ends in .svg. Throws `.io`, `.format`, `.data` where there is
  /// nothing to draw, `.invalidArgument` for another name and for the input's.
  public static func plot(_ input: String, to output: String) throws(SVFTError) {
    guard let picture = try picture(of: input) else {
      throw SVFTError(
        .data, "\(input): expected losses, spectra or groups to draw, found none")
    }
    guard output.lowercased().hasSuffix(".svg") else {
      throw SVFTError(
        .invalidArgument, "\(output): expected a name that ends in .svg, which is what is written")
    }
    guard try !FileSystem.areSame(input, output) else {
      throw SVFTError(
        .invalidArgument, "\(output): expected another file than the one that is drawn")
    }
    try AtomicFile.write(output, text: picture)
  }

  /// The SVG document of a file; nil where nothing in it can be drawn.
  private static func picture(of input: String) throws(SVFTError) -> String? {
    if input.hasSuffix(".jsonl") { return try drawn(curves(of: input)) }
    let report = try JSON.read(input).root(input)
    guard report.has("groups") else { return try drawn(spectra(in: report)) }
    let bars = try during(input) { () throws(SVFTError) in try BarChart(ablation: report) }
    return bars.bars.isEmpty ? nil : bars.svg
  }

  private static func drawn(_ chart: Chart) -> String? { chart.lines.isEmpty ? nil : chart.svg }

  /// Training and validation loss over the steps.
  private static func curves(of path: String) throws(SVFTError) -> Chart {
    var training: [(x: Double, y: Double)] = []
    var validation: [(x: Double, y: Double)] = []
    // The bytes live as long as what was read, which nothing else holds.
    let contents = try FileSystem.read(path)
    let text = withExtendedLifetime(contents) { String(decoding: contents.bytes, as: UTF8.self) }
    for (index, line) in text.split(separator: "\n").enumerated() {
      try during("\(path), line \(index + 1)") { () throws(SVFTError) in
        let record = try JSON.parse(String(line)).root("a metrics record")
        guard record.has("step"), record.has("event") else {
          throw SVFTError(
            .format,
            "expected a record of a run's metrics.jsonl with event and step, found keys "
              + record.keys.prefix(8).joined(separator: ", "))
        }
        let step = try record.double("step")
        if try record.string("event") == "step", record.has("loss") {
          training.append((step, try record.double("loss")))
        }
        if record.has("validation_loss") {
          validation.append((step, try record.double("validation_loss")))
        }
      }
    }
    return Chart(
      title: "Loss of the run", xLabel: "optimiser step", yLabel: "loss",
      lines: [.init("training", training), .init("validation", validation)])
  }

  /// Singular values, relative to the largest, of the first matrices that have them, as many as
  /// there are colours; the title says of how many.
  private static func spectra(in report: JSON.Object) throws(SVFTError) -> Chart {
    var lines: [Chart.Line] = []
    let matrices = try report.objects("tensors").filter { $0.has("spectrum") }
    for tensor in matrices where lines.count < 6 {
      let values = try tensor.doubles("spectrum")
      guard let top = values.first, top > 0 else { continue }
      lines.append(
        Chart.Line(
          try tensor.string("name"),
          values.enumerated().map { (x: Double($0.offset), y: $0.element / top) }))
    }
    return Chart(
      title: matrices.count > lines.count
        ? "Singular values, \(lines.count) of \(matrices.count) matrices" : "Singular values",
      xLabel: "index", yLabel: "share of the largest", lines: lines)
  }
}

extension BarChart {
  /// The figure of each group of an ablation, beginning at the base's. Throws `.format` for what is
  /// no report of one.
  init(ablation report: JSON.Object) throws(SVFTError) {
    let figure = try report.string("figure")
    var bars: [Bar] = []
    for group in try report.objects("groups") {
      let (mean, spread) = (try group.object("mean"), try group.object("spread"))
      // A group without runs, or whose runs all diverged.
      guard mean.has(figure) else { continue }
      bars.append(
        Bar(
          try group.string("name"), try mean.double(figure),
          spread: try spread.double(figure, default: 0)))
    }
    var base: Bar?
    if report.has("base"), try report.object("base").has(figure) {
      base = Bar("base", try report.object("base").double(figure))
    }
    let budget = try report.object("setup").int("budget")
    self.init(
      title: "Modules alone and together, about \(budget) trained numbers each",
      yLabel: "held-out \(figure)", bars: bars, reference: base)
  }
}
