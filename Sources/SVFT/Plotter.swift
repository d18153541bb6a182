// Pictures of what the library wrote: loss curves from metrics.jsonl, spectra from an inspect
// report.
import SVFTFormats
public import SVFTTensor

/// Draws charts as SVG files.
public enum Plotter {
  /// Draws `input`, a metrics.jsonl or the JSON of an inspection with spectra, into the file
  /// `output`, whose name ends in .svg. Throws `.io`, `.format`, `.data` where there is nothing to
  /// draw, `.invalidArgument` for another name and for the input's.
  public static func plot(_ input: String, to output: String) throws(SVFTError) {
    let chart = input.hasSuffix(".jsonl") ? try curves(of: input) : try spectra(of: input)
    guard !chart.lines.isEmpty else {
      throw SVFTError(.data, "\(input): expected losses or spectra to draw, found none")
    }
    guard output.lowercased().hasSuffix(".svg") else {
      throw SVFTError(
        .invalidArgument, "\(output): expected a name that ends in .svg, which is what is written")
    }
    guard try !FileSystem.areSame(input, output) else {
      throw SVFTError(
        .invalidArgument, "\(output): expected another file than the one that is drawn")
    }
    try AtomicFile.write(output, text: chart.svg)
  }

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

  /// Singular values, relative to the largest, of the first matrices that have them.
  private static func spectra(of path: String) throws(SVFTError) -> Chart {
    let report = try JSON.read(path).root(path)
    var lines: [Chart.Line] = []
    for tensor in try report.objects("tensors") where tensor.has("spectrum") && lines.count < 6 {
      let values = try tensor.doubles("spectrum")
      guard let top = values.first, top > 0 else { continue }
      lines.append(
        Chart.Line(
          try tensor.string("name"),
          values.enumerated().map { (x: Double($0.offset), y: $0.element / top) }))
    }
    return Chart(
      title: "Singular values", xLabel: "index", yLabel: "share of the largest", lines: lines)
  }
}
