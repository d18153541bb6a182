// Places in the cache lie apart and inside.
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
}
