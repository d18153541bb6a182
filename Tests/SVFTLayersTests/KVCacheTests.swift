// Places in the cache lie apart and inside, in every format; rows can be copied from one to another
// and rows that fit no block are refused.
import SVFTLayers
import SVFTTensor
import Testing

struct KVCacheTests {
  @Test(arguments: KVCache.formats)
  func layersAndSlotsLieApart(_ format: any ElementFormat) throws {
    let cache = try KVCache(layers: 2, slots: 3, context: 4, width: 64, format: format)
    let bytes = 4 * cache.rowBytes
    #expect(cache.rowBytes == format.rowBytes(64) && cache.format.name == format.name)
    func mark(_ layer: Int, _ slot: Int) -> UInt8 { UInt8(100 * layer + 10 * slot + 1) }
    for layer in 0..<2 {
      for slot in 0..<3 {
        for i in 0..<bytes {
          cache.keyRows(layer: layer, slot: slot).storeBytes(
            of: mark(layer, slot), toByteOffset: i, as: UInt8.self)
          cache.valueRows(layer: layer, slot: slot).storeBytes(
            of: ~mark(layer, slot), toByteOffset: i, as: UInt8.self)
        }
      }
    }
    for layer in 0..<2 {
      for slot in 0..<3 {
        let (keys, values) = (
          UnsafeRawBufferPointer(start: cache.keyRows(layer: layer, slot: slot), count: bytes),
          UnsafeRawBufferPointer(start: cache.valueRows(layer: layer, slot: slot), count: bytes)
        )
        #expect(keys.allSatisfy { $0 == mark(layer, slot) })
        #expect(values.allSatisfy { $0 == ~mark(layer, slot) })
      }
    }
    #expect(cache.byteCount == 2 * 6 * bytes)
    #expect(
      try KVCache.byteCount(layers: 2, slots: 3, context: 4, width: 64, format: format)
        == cache.byteCount)
  }

  @Test func anAbsurdSizeIsALimit() {
    #expect(throws: SVFTError.self) {
      try KVCache(layers: 1 << 30, slots: 1 << 30, context: 1 << 30, width: 1)
    }
  }

  @Test(arguments: KVCache.formats)
  func rowsGoToAnotherSlotAndAnotherCache(_ format: any ElementFormat) throws {
    let (small, large) = (
      try KVCache(layers: 2, slots: 2, context: 3, width: 32, format: format),
      try KVCache(layers: 2, slots: 1, context: 8, width: 32, format: format)
    )
    let bytes = small.rowBytes
    func mark(_ layer: Int, _ i: Int) -> UInt8 {
      UInt8(truncatingIfNeeded: 1 + 7 * layer + i % 101)
    }
    func read(_ rows: UnsafeMutableRawPointer, _ i: Int) -> UInt8 {
      rows.load(fromByteOffset: i, as: UInt8.self)
    }
    for layer in 0..<2 {
      for i in 0..<3 * bytes {
        small.keyRows(layer: layer, slot: 1).storeBytes(
          of: mark(layer, i), toByteOffset: i, as: UInt8.self)
        small.valueRows(layer: layer, slot: 1).storeBytes(
          of: ~mark(layer, i), toByteOffset: i, as: UInt8.self)
      }
    }
    try large.copyRows(3, of: 1, in: small, to: 0)
    try small.copyRows(2, of: 1, in: small, to: 0)
    for layer in 0..<2 {
      let (wide, narrow) = (
        large.keyRows(layer: layer, slot: 0), small.keyRows(layer: layer, slot: 0)
      )
      for i in 0..<4 * bytes {
        #expect(read(wide, i) == (i < 3 * bytes ? mark(layer, i) : 0))
        #expect(
          read(large.valueRows(layer: layer, slot: 0), i) == (i < 3 * bytes ? ~mark(layer, i) : 0))
        guard i < 3 * bytes else { continue }
        #expect(read(narrow, i) == (i < 2 * bytes ? mark(layer, i) : 0))
      }
    }
    let bad: [(rows: Int, slot: Int, target: Int)] = [(4, 0, 0), (-1, 0, 0), (1, 2, 0), (1, 0, 1)]
    for (rows, slot, target) in bad {
      #expect(throws: SVFTError.self) {
        try large.copyRows(rows, of: slot, in: small, to: target)
      }
    }
    let wider = try KVCache(layers: 2, slots: 1, context: 8, width: 64, format: format)
    #expect(throws: SVFTError.self) { try wider.copyRows(1, of: 0, in: small, to: 0) }
  }

  @Test func rowsThatFitNoBlockAreRefusedWithWhatFits() {
    for format in KVCache.formats where format.blockLength > 1 {
      let failure = #expect(throws: SVFTError.self) {
        try KVCache(layers: 1, slots: 1, context: 8, width: 48, format: format)
      }
      #expect(failure?.kind == .unsupported)
      #expect(failure?.message.contains("a multiple of 32 values") == true)
      #expect(failure?.message.contains("found 48") == true)
      #expect(failure?.message.contains("f32, f16, bf16 would fit") == true)
    }
  }

  @Test func formatsThatAttentionDoesNotReadAreRefused() {
    let names = Set(KVCache.formats.map(\.name))
    for format in ElementFormats.all where !names.contains(format.name) {
      let failure = #expect(throws: SVFTError.self) {
        try KVCache(layers: 1, slots: 1, context: 8, width: 256, format: format)
      }
      #expect(failure?.kind == .unsupported)
      #expect(failure?.message.contains("found \(format.name)") == true)
    }
  }
}
