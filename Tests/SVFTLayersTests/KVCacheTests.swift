// Places in the cache lie apart and inside; rows can be copied from one to another.
import SVFTLayers
import SVFTTensor
import Testing

struct KVCacheTests {
  @Test func layersAndSlotsLieApart() throws {
    let cache = try KVCache(layers: 2, slots: 3, context: 4, width: 5)
    for layer in 0..<2 {
      for slot in 0..<3 {
        for i in 0..<20 {
          cache.keys(layer: layer, slot: slot)[i] = Float(100 * layer + 10 * slot + 1)
          cache.values(layer: layer, slot: slot)[i] = -Float(100 * layer + 10 * slot + 1)
        }
      }
    }
    for layer in 0..<2 {
      for slot in 0..<3 {
        let expected = Float(100 * layer + 10 * slot + 1)
        for i in 0..<20 {
          #expect(cache.keys(layer: layer, slot: slot)[i] == expected)
          #expect(cache.values(layer: layer, slot: slot)[i] == -expected)
        }
      }
    }
    #expect(try KVCache.byteCount(layers: 2, slots: 3, context: 4, width: 5) == 2 * 120 * 4)
  }

  @Test func anAbsurdSizeIsALimit() {
    #expect(throws: SVFTError.self) {
      try KVCache(layers: 1 << 30, slots: 1 << 30, context: 1 << 30, width: 1)
    }
  }

  @Test func rowsGoToAnotherSlotAndAnotherCache() throws {
    let (small, large) = (
      try KVCache(layers: 2, slots: 2, context: 3, width: 5),
      try KVCache(layers: 2, slots: 1, context: 8, width: 5)
    )
    for layer in 0..<2 {
      for i in 0..<15 {
        small.keys(layer: layer, slot: 1)[i] = Float(100 * layer + i)
        small.values(layer: layer, slot: 1)[i] = -Float(100 * layer + i)
      }
    }
    try large.copyRows(3, of: 1, in: small, to: 0)
    try small.copyRows(2, of: 1, in: small, to: 0)
    for layer in 0..<2 {
      for i in 0..<20 {
        let expected = Float(100 * layer + i)
        #expect(large.keys(layer: layer, slot: 0)[i] == (i < 15 ? expected : 0))
        #expect(large.values(layer: layer, slot: 0)[i] == (i < 15 ? -expected : 0))
        guard i < 15 else { continue }
        #expect(small.keys(layer: layer, slot: 0)[i] == (i < 10 ? expected : 0))
      }
    }
    let bad: [(rows: Int, slot: Int, target: Int)] = [(4, 0, 0), (-1, 0, 0), (1, 2, 0), (1, 0, 1)]
    for (rows, slot, target) in bad {
      #expect(throws: SVFTError.self) {
        try large.copyRows(rows, of: slot, in: small, to: target)
      }
    }
    let wider = try KVCache(layers: 2, slots: 1, context: 8, width: 6)
    #expect(throws: SVFTError.self) { try wider.copyRows(1, of: 0, in: small, to: 0) }
  }
}
