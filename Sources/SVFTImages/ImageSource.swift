// Where a picture comes from: a file by its path, or the contents of one in a data URI (RFC 2397),
// so that a host may hand over what it has in memory wherever a path is taken:
//
//   data:[type];base64,AAAA…       the type is ignored: the bytes say what they are
//
// Nothing is read before somebody looks at the picture.
import SVFTFormats
package import SVFTTensor

/// Where a picture comes from.
package enum ImageSource: Sendable, Hashable {
  case file(String)
  /// A data URI.
  case inline(String)

  private static let scheme = "data:"

  /// What a user names a picture by. A path that is not absolute begins in `folder`.
  ///
  /// Throws `.invalidArgument` for an empty one.
  package init(_ name: String, in folder: String? = nil) throws(SVFTError) {
    if name.hasPrefix(ImageSource.scheme) {
      self = .inline(name)
      return
    }
    try FileSystem.check(name)
    self = .file(name.hasPrefix("/") ? name : folder.map { FileSystem.join($0, name) } ?? name)
  }

  /// How messages name it.
  package var name: String {
    switch self {
    case .file(let path): path
    case .inline: "the picture of a data URI"
    }
  }

  /// The picture. Throws `.io`, and what decoding throws.
  package func image() throws(SVFTError) -> Image {
    switch self {
    case .file(let path):
      let file = try MappedFile(path, access: .copied, limit: Limits.fileBytes)
      return try withExtendedLifetime(file) { () throws(SVFTError) in
        try ImageFormats.decode(file.bytes, path)
      }
    case .inline(let uri): return try Self.inline(uri, name)
    }
  }

  private static func inline(_ uri: String, _ name: String) throws(SVFTError) -> Image {
    let bytes = uri.utf8
    guard bytes.count <= 2 * Limits.fileBytes else {
      throw SVFTError(
        .limit, "\(name): expected at most \(2 * Limits.fileBytes) bytes, found \(bytes.count)")
    }
    guard let comma = bytes.firstIndex(of: UInt8(ascii: ",")),
      uri[..<comma].hasSuffix(";base64"),
      let decoded = Base64.decode(bytes[bytes.index(after: comma)...])
    else {
      throw SVFTError(
        .format,
        "\(name): expected a data URI as data:image/png;base64,… with Base64, found something else")
    }
    var result: Result<Image, SVFTError> = .failure(SVFTError(.internal, "no picture"))
    decoded.withUnsafeBytes { contents in
      do throws(SVFTError) {
        result = .success(try ImageFormats.decode(contents, name))
      } catch { result = .failure(error) }
    }
    return try result.get()
  }
}
