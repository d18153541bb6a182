// Singular values of a stored matrix.
import SVFTFormats
import SVFTLayers
import SVFTTensor

/// Spectra of tensors in files.
enum Spectrum {
  /// Falling singular values; nil for what is no matrix of a known format.
  static func of(
    _ entry: TensorEntry, in source: any TensorSource
  ) throws(SVFTError) -> [Double]? {
    guard entry.shape.count == 2, entry.shape.allSatisfy({ $0 > 1 }),
      let format = ElementFormats.all.first(where: { $0.name == entry.type.name })
    else { return nil }
    let weight = try Weight(
      format: format, rows: entry.shape[0], columns: entry.shape[1],
      bytes: source.bytes(entry.name))
    let matrix = try weight.decoded()
    return try during(entry.name) { () throws(SVFTError) in
      guard let values = matrix.values(Float.self).baseAddress else { return [] }
      return try SVD.thin(values, rows: weight.rows, columns: weight.columns).sigma
    }
  }
}
