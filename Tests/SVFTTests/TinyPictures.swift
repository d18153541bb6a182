// A tiny model of images on disk, with pictures in folders: what tests of the verbs load and train.
import Foundation
import SVFT
import SVFTModels
import TestKit

/// A copy of a fixture of vision, and six pictures of each class.
struct TinyPictures {
  let folder: TemporaryFolder
  /// Class names as the fixture's head has them; other names where it has none.
  let classes: [String]
  var path: String { folder.file("model") }

  init(_ fixture: FamilyFixture = FamilyFixture(name: "vit", kind: "vision")) throws {
    folder = try TemporaryFolder()
    try FileManager.default.copyItem(atPath: fixture.folder, toPath: folder.file("model"))
    // As many as the fixture's head has outputs.
    classes =
      fixture.name.hasSuffix("body")
      ? ["light", "dark"] : (0..<(fixture.name.hasSuffix("teacher") ? 2 : 3)).map { "LABEL_\($0)" }
    for (number, name) in classes.enumerated() {
      let place = folder.file("pictures/\(name)")
      try FileManager.default.createDirectory(
        atPath: place, withIntermediateDirectories: true)
      for picture in 0..<6 {
        try folder.write(
          "pictures/\(name)/\(picture).pgm", Self.picture(shade: number, seed: picture))
      }
    }
  }

  /// A portable graymap of 9×7, lighter or darker, with a texture.
  static func picture(shade: Int, seed: Int) -> [UInt8] {
    Array("P5\n9 7\n255\n".utf8)
      + (0..<63).map { UInt8(20 + 80 * shade + ($0 * (seed + 3) % 11) * 7) }
  }

  /// Folders of classes.
  var data: String { folder.file("pictures") }
  /// Paths of one picture of each class.
  var pictures: [String] { classes.map { folder.file("pictures/\($0)/2.pgm") } }

  func model(
    _ path: String? = nil, quantize: String? = nil, threads: Int = 2
  ) throws -> Model {
    var options = ModelOptions()
    (options.threads, options.quantization) = (threads, quantize)
    if quantize == nil { options.precision = .f32 }
    return try Model(path: path ?? self.path, options: options)
  }

  /// What a model says of the pictures.
  func scores(_ model: Model) throws -> [Float] {
    try model.classify(pictures).flatMap { $0.scores.map { Float($0.probability) } }
  }
}
