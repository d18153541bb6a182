// The pictures of Tests/Fixtures/pictures and what Pillow and transformers make of them, written by
// make_vision.py.
import Foundation
import SVFTFormats
import SVFTImages
import SVFTTensor
import TestKit

/// Small pictures in several forms.
enum PictureFixtures {
  static let folder = SharedData.packageRoot + "/Tests/Fixtures/pictures"

  /// File names of all pictures.
  static let names: [String] =
    ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted().filter {
      ImageFormats.areNamed($0)
    }

  static func source(_ name: String) throws -> ImageSource {
    try ImageSource(name, in: folder)
  }

  static func bytes(_ name: String) throws -> [UInt8] {
    Array(try Data(contentsOf: URL(fileURLWithPath: folder + "/" + name)))
  }

  /// The numbers of a golden tensor and its shape.
  static func golden<Number>(_ name: String, _ type: Number.Type) throws -> ([Number], [Int]) {
    let file = try Safetensors(folder + "/golden.safetensors")
    let bytes = try file.bytes(name)
    let numbers = withExtendedLifetime(bytes) {
      (0..<bytes.byteCount / MemoryLayout<Number>.stride).map {
        bytes.pointer.loadUnaligned(
          fromByteOffset: $0 * MemoryLayout<Number>.stride, as: Number.self)
      }
    }
    return (numbers, try file.require(name).shape)
  }

  /// What preprocessor_config.json says in a case.
  static func config(_ name: String) throws -> JSON.Object {
    let path = folder + "/cases.json"
    return try JSON.read(path).root(path).object(name)
  }
}

/// Decodes bytes as a picture.
func decoded(_ bytes: [UInt8]) throws -> Image {
  try bytes.withUnsafeBytes { bytes in
    do throws(SVFTError) {
      return try ImageFormats.decode(bytes, "the picture")
    } catch { throw error }
  }
}

/// The numbers of a picture.
func list(_ image: Image) -> [UInt8] {
  withExtendedLifetime(image) { Array(image.numbers) }
}
