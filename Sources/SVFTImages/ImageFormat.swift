// What a picture's file format is to the rest of the tree, and the list of those there are. Which
// one a file has is told by its first bytes, whatever its name.
import SVFTFormats
package import SVFTTensor

/// A format of picture files.
package protocol ImageFormat: SendableMetatype {
  /// "PNG".
  static var name: String { get }
  /// Ends of file names that are usual for it, in small letters and without the dot.
  static var endings: [String] { get }
  /// Whether bytes begin as such a file does.
  static func recognises(_ bytes: UnsafeRawBufferPointer) -> Bool
  /// The picture.
  ///
  /// Throws `.format`, `.truncated`, `.limit`, `.memory`, and `.unsupported` where the library that
  /// reads it is not on this system.
  static func decode(_ bytes: UnsafeRawBufferPointer) throws(SVFTError) -> Image
}

/// The formats there are.
package enum ImageFormats {
  /// Every format: a new one is added here and nowhere else.
  package static let all: [any ImageFormat.Type] = [PNG.self, JPEG.self, Netpbm.self]

  /// Ends of file names, in words.
  package static var endings: String {
    all.flatMap { $0.endings }.map { ".\($0)" }.joined(separator: ", ")
  }

  /// Whether a file of that name is one of pictures, by its ending.
  package static func areNamed(_ name: String) -> Bool {
    guard let ending = name.split(separator: ".").dropFirst().last?.lowercased() else {
      return false
    }
    return all.contains { $0.endings.contains(ending) }
  }

  /// The picture that bytes hold; `name` says whose they are.
  package static func decode(
    _ bytes: UnsafeRawBufferPointer, _ name: @autoclosure () -> String
  ) throws(SVFTError) -> Image {
    guard let format = all.first(where: { $0.recognises(bytes) }) else {
      let known = all.map { $0.name }.joined(separator: ", ")
      throw SVFTError(
        .format,
        "\(name()): expected a picture (\(known)), found something else"
          + ContentHint.describe(bytes))
    }
    return try during("\(name()): \(format.name)") { () throws(SVFTError) in
      try format.decode(bytes)
    }
  }
}
