// preprocessor_config.json. What it leaves out is what the image processor it names would take:
// DeiT resizes to 256×256 by bicubic and cuts out 224×224, others resize to 224×224 by bilinear.
// Sizes are {"height", "width"}, {"shortest_edge"} or, in older files, one number for a square.
package import SVFTFormats
package import SVFTTensor

extension ImageProcessor {
  /// The file's name in a model folder.
  package static let file = "preprocessor_config.json"
  private static let largestSide = 1 << 14

  /// Reads a folder's file for a model that sees 1 or 3 channels; nil where the folder has none.
  ///
  /// Throws `.format`, `.unsupported`, `.limit`.
  package init?(folder: String, channels: Int) throws(SVFTError) {
    let path = FileSystem.join(folder, ImageProcessor.file)
    guard try FileSystem.isFile(path) else { return nil }
    let config = try JSON.read(path).root(path)
    self = try during(path) { () throws(SVFTError) in
      try ImageProcessor(config, channels: channels)
    }
  }

  /// Reads the keys of the file.
  package init(_ config: JSON.Object, channels: Int) throws(SVFTError) {
    guard channels == 1 || channels == 3 else {
      throw SVFTError(
        .unsupported, "expected a model of 1 channel (gray) or 3 (colours), found \(channels)")
    }
    let kind = try config.string(
      "image_processor_type", default: config.string("feature_extractor_type", default: ""))
    let isDeiT = kind.hasPrefix("DeiT")
    self.channels = channels
    if try config.bool("do_pad", default: false) {
      throw SVFTError(.unsupported, "do_pad: padded pictures are not supported")
    }
    let side = isDeiT ? 256 : 224
    resizing =
      try config.bool("do_resize", default: true)
      ? Self.resizing(config, default: Size(height: side, width: side)) : nil
    filter = try ImageFilter(
      number: config.int("resample", default: (isDeiT ? ImageFilter.bicubic : .bilinear).rawValue),
      "resample")
    crop =
      try config.bool("do_center_crop", default: isDeiT)
      ? Self.size(config, "crop_size", default: Size(height: 224, width: 224)) : nil
    let scale =
      try config.bool("do_rescale", default: true)
      ? config.double("rescale_factor", default: 1.0 / 255) : 1
    let normalizes = try config.bool("do_normalize", default: true)
    let mean = normalizes ? try Self.numbers(config, "image_mean", channels) : nil
    let deviation = normalizes ? try Self.numbers(config, "image_std", channels) : nil
    values = (0..<channels).map { channel in
      (0..<256).map { number in
        let value = Float(Double(number) * scale)
        guard let mean, let deviation else { return value }
        return (value - mean[channel]) / deviation[channel]
      }
    }
    guard values.joined().allSatisfy(\.isFinite) else {
      throw SVFTError(
        .format, "image_std: expected numbers that pictures stay finite with, found others")
    }
  }

  private static func resizing(
    _ config: JSON.Object, default other: Size
  ) throws(SVFTError) -> Resizing {
    guard config.has("size"), case .object(let size) = try config.value("size"),
      size.has("shortest_edge")
    else { return .exactly(try self.size(config, "size", default: other)) }
    guard !size.has("longest_edge") else {
      throw SVFTError(
        .unsupported, "size: expected height and width, or shortest_edge alone, found longest_edge")
    }
    return .shortestEdge(try side(size.int("shortest_edge"), "size.shortest_edge"))
  }

  private static func size(
    _ config: JSON.Object, _ key: String, default other: Size
  ) throws(SVFTError) -> Size {
    guard config.has(key) else { return other }
    if case .object(let size) = try config.value(key) {
      return Size(
        height: try side(size.int("height"), "\(key).height"),
        width: try side(size.int("width"), "\(key).width"))
    }
    let length = try side(config.int(key), key)
    return Size(height: length, width: length)
  }

  private static func side(_ length: Int, _ place: String) throws(SVFTError) -> Int {
    try Checked.within(length, 1...largestSide, place, kind: length > 0 ? .limit : .format)
  }

  /// One number for each channel, of a list or of a single one for all; one half where absent.
  private static func numbers(
    _ config: JSON.Object, _ key: String, _ channels: Int
  ) throws(SVFTError) -> [Float] {
    guard config.has(key) else { return [Float](repeating: 0.5, count: channels) }
    guard case .array = try config.value(key) else {
      return [Float](repeating: Float(try config.double(key)), count: channels)
    }
    let numbers = try config.doubles(key)
    guard numbers.count == channels else {
      throw SVFTError(
        .format, "\(key): expected \(channels) numbers, found \(numbers.count)")
    }
    return numbers.map { Float($0) }
  }
}
