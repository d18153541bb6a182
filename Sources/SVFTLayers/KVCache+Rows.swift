// Rows of a cache as bytes: what a sequence leaves behind can be copied to another slot, to a
// larger cache, or into a file, whatever format rows have. A row depends on the tokens up to its
// own alone, so the rows of a common beginning serve every sequence that begins so.
package import SVFTTensor

extension KVCache {
  /// Copies the first `count` rows of a slot of `other`, which may be this cache, to slot `target`.
  ///
  /// Throws `.internal` where the two have rows of another kind or no room.
  package func copyRows(
    _ count: Int, of slot: Int, in other: KVCache, to target: Int
  ) throws(SVFTError) {
    try invariant(
      layers == other.layers && rowBytes == other.rowBytes && format.name == other.format.name,
      "rows of one cache were to go into a cache of another kind")
    try invariant(
      count >= 0 && count <= min(context, other.context) && target >= 0 && target < slots
        && slot >= 0 && slot < other.slots,
      "\(count) rows of slot \(slot) were to go to slot \(target)")
    guard count > 0, !MemoryLedger.isRehearsing, other !== self || slot != target else { return }
    let bytes = count * rowBytes
    for layer in 0..<layers {
      keyRows(layer: layer, slot: target).copyMemory(
        from: other.keyRows(layer: layer, slot: slot), byteCount: bytes)
      valueRows(layer: layer, slot: target).copyMemory(
        from: other.valueRows(layer: layer, slot: slot), byteCount: bytes)
    }
  }
}
