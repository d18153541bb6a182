// One matrix as bitsandbytes stores it, in several tensors of a folder:
//
//   NAME                 two codes a byte, the first in the high half; [bytes, 1] of any type
//   NAME.absmax          a scale per block: F32, or U8 codes of DoubleQuantization.swift
//   NAME.quant_map       F32 [16], what codes stand for
//   NAME.nested_absmax   F32, and NAME.nested_quant_map F32 [256], where scales are codes
//   NAME.quant_state.…   FourBitState.swift
//
// Where rows are whole blocks of NF4 it stays as small as it is: codes are put in the order of our
// kernels and scales decoded. Else, and with other numbers than those of NF4, it is decoded to the
// type that bitsandbytes itself computes with.
import SVFTTensor

/// A matrix that lies in several tensors.
struct FourBitMatrix: Sendable {
  let name: String
  let state: FourBitState
  /// What codes stand for.
  private let points: [Float]
  /// The matrix as it is handed out.
  let entry: TensorEntry

  /// The names of all its tensors, in the order of the file.
  let parts: [String]

  private static let ends = ["absmax", "quant_map", "nested_absmax", "nested_quant_map"]

  /// The matrix `name` of a source, with a state of that kind.
  init(_ name: String, _ kind: String, in source: any TensorSource) throws(SVFTError) {
    self.name = name
    let stateName = name + FourBitState.suffix(kind)
    let bytes = try source.bytes(stateName)
    defer { withExtendedLifetime(bytes) {} }
    let state = try during(stateName) { () throws(SVFTError) in try FourBitState(bytes.bytes) }
    guard state.kind == kind else {
      throw SVFTError(.format, "\(stateName): expected quant_type \(kind), found \(state.kind)")
    }
    self.state = state
    let own = [name] + Self.ends.map { "\(name).\($0)" } + [stateName]
    parts = source.names.filter { own.contains($0) }
    points = try Self.numbers(name + ".quant_map", 16, source)
    let codes = try source.require(name)
    let count = try state.count()
    guard codes.byteCount == count / 2 + count % 2 else {
      throw SVFTError(
        .shape,
        "\(name): expected \(count / 2 + count % 2) bytes for [\(state.rows), \(state.columns)], "
          + "found \(codes.byteCount)")
    }
    let kept = try StoredType.named("NF4")
    let stays =
      points == Self.points(of: kept) && state.columns % kept.blockLength == 0
      && state.blockLength % kept.blockLength == 0
    let type = stays ? kept : state.type
    let shape = [state.rows, state.columns]
    entry = TensorEntry(
      name: name, shape: shape, type: type, byteCount: try type.byteCount(shape),
      offset: codes.offset)
    try checkScales(source)
  }

  private func checkScales(_ source: any TensorSource) throws(SVFTError) {
    let blocks = try state.blocks()
    try Self.require("\(name).absmax", state.nested == nil ? "F32" : "U8", blocks, source)
    guard let nested = state.nested else { return }
    try Self.require(
      "\(name).nested_absmax", "F32", (blocks + nested.blockLength - 1) / nested.blockLength,
      source)
    try Self.require("\(name).nested_quant_map", "F32", 256, source)
  }

  private static func require(
    _ name: String, _ type: String, _ count: Int, _ source: any TensorSource
  ) throws(SVFTError) {
    let entry = try source.require(name)
    let found = try Checked.product(entry.shape, "the numbers of \(name)")
    guard entry.type.name == type, found == count else {
      throw SVFTError(
        .shape, "\(name): expected \(type) [\(count)], found \(entry.type.name) \(entry.shape)")
    }
  }

  /// The numbers of a small F32 tensor.
  private static func numbers(
    _ name: String, _ count: Int, _ source: any TensorSource
  ) throws(SVFTError) -> [Float] {
    try require(name, "F32", count, source)
    let bytes = try source.bytes(name)
    return withExtendedLifetime(bytes) {
      (0..<count).map { bytes.pointer.loadUnaligned(fromByteOffset: 4 * $0, as: Float.self) }
    }
  }

  /// What the sixteen codes of a format in blocks of scale and codes stand for.
  static func points(of type: StoredType) -> [Float] {
    guard let format = type.format else { return [] }
    var block = [UInt8](repeating: 0, count: type.blockBytes)
    withUnsafeBytes(of: Float(1)) { block.replaceSubrange(0..<4, with: $0) }
    for code in 0..<16 { block[4 + 2 * code] = UInt8(code) }
    var values = [Float](repeating: 0, count: type.blockLength)
    format.decode(block, count: type.blockLength, into: &values)
    return Array(values.prefix(16))
  }

  /// The matrix in the type of its entry.
  ///
  /// In a rehearsal memory alone.
  func bytes(from source: any TensorSource) throws(SVFTError) -> Buffer {
    let matrix = try Buffer(byteCount: entry.byteCount)
    guard !MemoryLedger.isRehearsing else { return matrix }
    let codes = try source.bytes(name)
    let scales = try scales(source)
    defer {
      withExtendedLifetime((codes, scales)) {}
      codes.releasePages()
    }
    if entry.type.blockLength > 1 {
      arrange(codes.bytes, scales.values(), into: matrix)
    } else {
      decode(codes.bytes, scales.values(), into: matrix)
    }
    return matrix
  }

  /// A scale per block.
  private func scales(_ source: any TensorSource) throws(SVFTError) -> Buffer {
    let count = try state.blocks()
    let scales = try Buffer(of: Float.self, count: count)
    let stored = try source.bytes("\(name).absmax")
    defer { withExtendedLifetime(stored) {} }
    guard let nested = state.nested else {
      scales.pointer.copyMemory(from: stored.pointer, byteCount: 4 * count)
      return scales
    }
    let blocks = (count + nested.blockLength - 1) / nested.blockLength
    DoubleQuantization.decode(
      stored.bytes, map: try Self.numbers("\(name).nested_quant_map", 256, source),
      nested: try Self.numbers("\(name).nested_absmax", blocks, source),
      blockLength: nested.blockLength, offset: nested.offset, into: scales.values())
    return scales
  }

  /// Blocks of scale and codes, in words of codes i, 16 + i, 32 + i and 48 + i (NF4.swift).
  private func arrange(
    _ codes: UnsafeRawBufferPointer, _ scales: UnsafeMutableBufferPointer<Float>,
    into matrix: Buffer
  ) {
    let (length, bytes) = (entry.type.blockLength, entry.type.blockBytes)
    for block in 0..<entry.byteCount / bytes {
      let target = matrix.pointer + block * bytes
      target.storeBytes(of: scales[block * length / state.blockLength], as: Float.self)
      for pair in 0..<8 {
        let from = block * length / 2 + pair
        let words = (target + 4 + 4 * pair).assumingMemoryBound(to: UInt8.self)
        for half in 0..<2 {
          let (low, high) = (codes[from + 16 * half], codes[from + 16 * half + 8])
          words[half] = low >> 4 | high & 0xf0
          words[half + 2] = low & 15 | high << 4
        }
      }
    }
  }

  /// Numbers at a time.
  private static let piece = 4096

  private func decode(
    _ codes: UnsafeRawBufferPointer, _ scales: UnsafeMutableBufferPointer<Float>,
    into matrix: Buffer
  ) {
    guard let format = entry.type.format else { return }
    let count = entry.byteCount / entry.type.blockBytes
    var values = [Float](repeating: 0, count: Self.piece)
    for first in stride(from: 0, to: count, by: Self.piece) {
      let length = min(Self.piece, count - first)
      for place in 0..<length {
        let (number, byte) = (first + place, codes[(first + place) / 2])
        let code = number % 2 == 0 ? byte >> 4 : byte & 15
        values[place] = points[Int(code)] * scales[number / state.blockLength]
      }
      format.encode(
        values, count: length, into: matrix.pointer + first * entry.type.blockBytes)
    }
  }
}
