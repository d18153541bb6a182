// Examples in the batch of a pass: tokens are copied, pictures read, prepared and cut into patches,
// one after the other, so that no more than one lies in memory beside the batch.
import SVFTImages
import SVFTLayers
import SVFTTensor

extension Pass {
  /// Puts examples into the batch, in order.
  ///
  /// Throws `.limit` beyond the capacity, and what reading a picture throws.
  func fill(_ examples: some Sequence<Example>, _ images: ImageProcessor?) throws(SVFTError) {
    batch.clear()
    for example in examples { try append(example, images) }
  }

  /// Appends a whole sequence to the step, and the text it is about, or a picture.
  func append(_ example: Example, _ images: ImageProcessor? = nil) throws(SVFTError) {
    switch example.input {
    case .tokens(let ids, let segments):
      try batch.source?.append(example.source)
      try batch.append(ids, segments: segments)
    case .image(let source, _):
      try appendImage { (planes, grid) throws(SVFTError) in
        guard let images else {
          throw SVFTError(.internal, "libsvft is at fault: pictures without their preprocessing")
        }
        try images.fill(
          planes, with: source, size: ImageProcessor.Size(height: grid.height, width: grid.width))
      }
    case .noise:
      try appendImage { (planes, grid) in
        var random = RandomSource(seed: 0, purpose: "noise in place of a picture")
        for index in 0..<grid.numbers { planes[index] = random.uniform(-1, 1) }
      }
    }
  }

  private func appendImage(
    _ fill: (UnsafeMutablePointer<Float>, PatchGrid) throws(SVFTError) -> Void
  ) throws(SVFTError) {
    guard let grid = batch.grid, let planes = planes?.values(Float.self).baseAddress else {
      throw SVFTError(.internal, "libsvft is at fault: a picture for a model of text")
    }
    try fill(planes, grid)
    try batch.append(image: planes)
  }
}
