// Preprocessing against transformers with Pillow, bit for bit, and files that make no sense.
import SVFTFormats
import SVFTImages
import SVFTTensor
import TestKit
import Testing

@Suite struct ImageProcessorTests {
  static let cases = [
    "bilinear", "bicubic", "lanczos", "box", "hamming", "edge", "padded", "raw",
  ]

  /// Two that are wide, and one so tall that its columns are resized first.
  @Test(arguments: cases, ["rgb.png", "colors.jpg", "rgba.png"])
  func numbersAreThoseOfTransformers(_ name: String, _ picture: String) throws {
    let processor = try ImageProcessor(PictureFixtures.config(name), channels: 3)
    let (expected, shape) = try PictureFixtures.golden("\(name)/\(picture)", Float.self)
    let size = ImageProcessor.Size(height: shape[1], width: shape[2])
    #expect(processor.size == nil || processor.size == size)
    var found = [Float](repeating: .nan, count: expected.count)
    try processor.fill(&found, with: PictureFixtures.source(picture), size: size)
    #expect(found == expected)
  }

  private func processor(_ text: String, channels: Int = 3) throws -> ImageProcessor {
    try ImageProcessor(JSON.parse(text).root("file"), channels: channels)
  }

  @Test func whatIsLeftOutIsWhatTheProcessorWouldTake() throws {
    let vit = try processor("{}")
    #expect(vit.size == ImageProcessor.Size(height: 224, width: 224))
    #expect(
      try vit
        == processor(
          """
          {"do_resize": true, "size": 224, "resample": 2, "do_rescale": true,
           "do_normalize": true, "image_mean": [0.5, 0.5, 0.5], "image_std": 0.5,
           "rescale_factor": 0.00392156862745098, "feature_extractor_type": "ViTFeatureExtractor"}
          """))
    let deit = try processor(#"{"image_processor_type": "DeiTImageProcessorFast"}"#)
    #expect(
      try deit
        == processor(
          """
          {"size": {"height": 256, "width": 256}, "resample": 3, "do_center_crop": true,
           "crop_size": 224}
          """))
    #expect(try processor(#"{"size": {"shortest_edge": 30}}"#).size == nil)
  }

  static let attacks: [(text: String, kind: SVFTError.Kind, word: String)] = [
    (#"{"size": {"height": 12}}"#, .format, "width"), (#"{"size": 0}"#, .format, "size"),
    (#"{"size": 1000000}"#, .limit, "size"), (#"{"size": "12"}"#, .format, "size"),
    (#"{"size": {"shortest_edge": 3, "longest_edge": 9}}"#, .unsupported, "longest_edge"),
    (#"{"resample": 0}"#, .unsupported, "resample"), (#"{"do_pad": true}"#, .unsupported, "do_pad"),
    (#"{"image_mean": [1, 2]}"#, .format, "image_mean"),
    (#"{"image_std": 0}"#, .format, "image_std"),
    (#"{"do_rescale": 1}"#, .format, "do_rescale"),
    (#"{"rescale_factor": 1e300}"#, .format, "finite"),
    (#"{"do_center_crop": true, "crop_size": []}"#, .format, "crop_size"),
  ]

  @Test(arguments: attacks)
  func filesThatMakeNoSenseAreRefused(
    _ attack: (text: String, kind: SVFTError.Kind, word: String)
  ) {
    let failure = #expect(throws: SVFTError.self) { try processor(attack.text) }
    #expect(failure?.kind == attack.kind, "\(failure?.message ?? "")")
    #expect(failure?.message.contains(attack.word) == true, "\(failure?.message ?? "")")
  }

  @Test func otherChannelsThanGrayAndColorsAreRefused() {
    for channels in [0, 2, 4] {
      let failure = #expect(throws: SVFTError.self) { try processor("{}", channels: channels) }
      #expect(failure?.kind == .unsupported)
    }
  }

  @Test func aPictureInAnotherSizeIsRefusedWithBoth() throws {
    let processor = try processor(#"{"do_resize": false, "image_mean": 0, "image_std": 1}"#)
    var planes = [Float](repeating: 0, count: 3 * 9 * 9)
    let failure = #expect(throws: SVFTError.self) {
      try processor.fill(
        &planes, with: PictureFixtures.source("rgb.png"), size: .init(height: 9, width: 9))
    }
    #expect(failure?.kind == .data)
    #expect(failure?.message.contains("9×9") == true && failure?.message.contains("17×23") == true)
  }

  @Test func aFolderWithoutTheFileHasNone() throws {
    let folder = try TemporaryFolder()
    #expect(try ImageProcessor(folder: folder.path, channels: 3) == nil)
    try folder.write(ImageProcessor.file, #"{"size": -1}"#)
    let failure = #expect(throws: SVFTError.self) {
      try ImageProcessor(folder: folder.path, channels: 3)
    }
    #expect(failure?.message.contains(ImageProcessor.file) == true)
  }
}
