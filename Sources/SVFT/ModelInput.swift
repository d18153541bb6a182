// What a model sees of one example: tokens, or a picture that is read when it is looked at. Either
// becomes rows of a batch; adapters, training and evaluation know nothing else of it.
import SVFTFormats
package import SVFTImages
package import SVFTTensor

/// One sequence before it lies in a batch.
package enum ModelInput: Sendable, Equatable {
  /// Ids; 0 or 1 per token where it is a pair.
  case tokens([Int32], segments: [Int32]?)
  /// A picture, of a model that makes so many rows of one.
  case image(ImageSource, rows: Int)
  /// Numbers in place of a picture's, the same each time: for probes and rehearsals.
  case noise(rows: Int)

  /// Rows of a batch that it takes.
  package var rows: Int {
    switch self {
    case .tokens(let ids, _): ids.count
    case .image(_, let rows), .noise(let rows): rows
    }
  }

  /// Adds it to a hash: ids, or the name of a picture as seen from the folder of the data at
  /// `path`, which may be moved with them. What the picture shows is not read for that.
  package func update(_ hash: inout SHA256, relativeTo path: String) {
    switch self {
    case .tokens(let ids, _): ids.withUnsafeBytes { hash.update($0) }
    case .image(let source, _):
      let folder = FileSystem.parent(path) ?? ""
      let name =
        switch source {
        case .file(let file) where file.hasPrefix(folder): String(file.dropFirst(folder.count))
        case .file(let text), .inline(let text): text
        }
      hash.update(name + ";")
    case .noise: hash.update("noise;")
    }
  }
}
