// The tiny tokenizers of Tests/Fixtures, and ways to look at one stage alone: a tokenizer whose
// tokens are bytes decodes to the normalised text, one whose tokens are single characters shows
// where words begin.
import SVFTFormats
import SVFTTensor
import SVFTText
import TestKit

/// One fixture per kind of tokenizer.
enum TinyTokenizer: String, CaseIterable, Sendable {
  case bytes, pieces, words

  /// The kinds that give back what was put in.
  static let lossless: [TinyTokenizer] = [.bytes, .pieces]

  private static let folder = SharedData.packageRoot + "/Tests/Fixtures/"

  func json() throws -> JSON { try JSON.read(Self.folder + "tokenizer-\(rawValue).json") }

  func tokenizer() throws -> Tokenizer { try Tokenizer(json: try json()) }

  /// The fixture with one of its values changed.
  func changed(_ path: [String], to value: JSON) throws -> JSON {
    .object(try Self.changed(try json().root("fixture"), path[...], to: value))
  }

  private static func changed(
    _ object: JSON.Object, _ path: ArraySlice<String>, to value: JSON
  ) throws -> JSON.Object {
    var object = object
    guard let key = path.first else { return object }
    let rest = path.dropFirst()
    object[key] =
      rest.isEmpty ? value : .object(try changed(try object.object(key), rest, to: value))
    return object
  }

  /// Further added tokens for one of them, and what another implementation makes of texts with
  /// them.
  static func added(_ tiny: TinyTokenizer) throws -> JSON.Object {
    let list = try JSON.read(folder + "tokenizer-added.json").array("added")
    let objects = try list.map { try $0.root("added") }
    return try objects.first { try $0.string("tokenizer") == tiny.rawValue } ?? JSON.Object()
  }

  /// What another implementation makes of this tokenizer.
  func golden() throws -> [JSON.Object] {
    try JSON.read(Self.folder + "tokenizer-golden.json").root("golden").objects(rawValue)
  }
}

/// The text after a normaliser, seen through a tokenizer of bytes.
func normalized(_ bytes: [UInt8], by normalizer: JSON) throws -> [UInt8] {
  let tokenizer = try Tokenizer(
    json: try TinyTokenizer.bytes.changed(["normalizer"], to: normalizer))
  return try tokenizer.decodedBytes(try tokenizer.encode(bytes: bytes, addSpecial: false))
}

/// The text after a normaliser.
func normalized(_ text: String, by normalizer: JSON) throws -> String {
  String(decoding: try normalized(Array(text.utf8), by: normalizer), as: UTF8.self)
}

/// The words that a pre-tokenizer cuts a text into: every character is a token, and another one
/// inside words, so that ids tell where words begin.
func words(_ text: String, by preTokenizer: JSON) throws -> [String] {
  var characters: [Unicode.Scalar] = []
  for scalar in (text + " ▁").unicodeScalars where !characters.contains(scalar) {
    characters.append(scalar)
  }
  var plain = JSON.Object()
  for (number, scalar) in characters.enumerated() {
    plain[String(scalar)] = .integer(2 * number)
    plain["\u{10FFFF}" + String(scalar)] = .integer(2 * number + 1)
  }
  plain["\u{10FFFE}"] = .integer(2 * characters.count)
  let json: JSON = [
    "model": [
      "type": "WordPiece", "unk_token": "\u{10FFFE}",
      "continuing_subword_prefix": "\u{10FFFF}", "vocab": .object(plain),
    ],
    "pre_tokenizer": preTokenizer,
  ]
  var result: [String] = []
  for id in try Tokenizer(json: json).encode(text) {
    let scalar = String(characters[Int(id) / 2])
    if id % 2 == 0 { result.append(scalar) } else { result[result.count - 1] += scalar }
  }
  return result
}

/// Runs `body`, which must fail, and gives its error.
func failure(_ body: () throws -> Void) -> SVFTError? {
  do {
    try body()
    return nil
  } catch {
    return error as? SVFTError
  }
}
