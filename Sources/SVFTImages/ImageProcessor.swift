// From pictures to the numbers that a model sees, as preprocessor_config.json says it and as
// transformers' image processors of ViT and DeiT compute it with Pillow:
//
//   gray or RGB → resized → its middle cut out → times rescale_factor → (x - mean) / std
//
// Every step is there or not. Numbers are rounded to F32 after the third step and after each part
// of the last, as numpy does it.
package import SVFTTensor

/// What is done to every picture before a model sees it.
package struct ImageProcessor: Sendable, Equatable {
  /// A height and a width.
  package struct Size: Sendable, Hashable {
    package let height: Int
    package let width: Int

    package init(height: Int, width: Int) {
      self.height = height
      self.width = width
    }
  }

  /// To what pictures are resized.
  enum Resizing: Sendable, Hashable {
    case exactly(Size)
    /// The shorter side gets this length, the other in proportion.
    case shortestEdge(Int)

    /// The size that a picture gets.
    func size(of image: Image) -> Size {
      switch self {
      case .exactly(let size): return size
      case .shortestEdge(let length):
        let long = max(image.width, image.height) * length / min(image.width, image.height)
        return image.width <= image.height
          ? Size(height: long, width: length) : Size(height: length, width: long)
      }
    }
  }

  /// 1 where the model sees gray, 3 where it sees colours.
  package let channels: Int
  let resizing: Resizing?
  let filter: ImageFilter
  let crop: Size?
  /// Value of each channel's 256 numbers, [channels, 256].
  let values: [[Float]]

  /// The size of what it gives; nil where that depends on the picture.
  package var size: Size? {
    if let crop { return crop }
    if case .exactly(let size)? = resizing { return size }
    return nil
  }

  /// The numbers of a picture, one plane per channel, [channels, height, width].
  ///
  /// Throws what reading the picture throws, and `.data` for one that does not come out in `size`.
  package func fill(
    _ planes: UnsafeMutablePointer<Float>, with source: ImageSource, size: Size
  ) throws(SVFTError) {
    let picture = try source.image()
    let image = try during(source.name) { () throws(SVFTError) in try processed(picture) }
    guard image.height == size.height, image.width == size.width else {
      throw SVFTError(
        .data,
        "\(source.name): expected a picture of \(size.height)×\(size.width) (height × width), "
          + "which the model was made for (its positions are not interpolated), found "
          + "\(image.height)×\(image.width) after preprocessing")
    }
    withExtendedLifetime(image) { spread(image.numbers, into: planes) }
  }

  /// Numbers pixel by pixel → their values, channel by channel.
  private func spread(
    _ numbers: UnsafeMutableBufferPointer<UInt8>, into planes: UnsafeMutablePointer<Float>
  ) {
    let count = numbers.count / channels
    for channel in 0..<channels {
      let plane = planes + channel * count
      values[channel].withUnsafeBufferPointer { values in
        for pixel in 0..<count { plane[pixel] = values[Int(numbers[pixel * channels + channel])] }
      }
    }
  }

  /// The picture in the channels and the size that the model sees.
  private func processed(_ picture: Image) throws(SVFTError) -> Image {
    var image = try picture.converted(toChannels: channels)
    if let resizing {
      let size = resizing.size(of: image)
      image = try image.resized(height: size.height, width: size.width, filter)
    }
    return try crop.map { (size) throws(SVFTError) in
      try image.centered(height: size.height, width: size.width)
    } ?? image
  }
}
