// Re-encoding a matrix in another element format, by rows, on a team. Rows lie as they lay; each is
// encoded on its own, so the bytes depend on nothing but the row.
//
// ggml's rule for rows that are no whole number of blocks: such a matrix becomes F16.
package import SVFTLayers
package import SVFTTensor

extension Weight {
  /// What this matrix becomes when `wanted` is asked for.
  package func format(for wanted: any ElementFormat) -> any ElementFormat {
    wanted.fits(columns: columns) ? wanted : ElementFormats.f16
  }

  /// The matrix in `wanted` (or F16, by ggml's rule); the matrix itself where it is that already.
  ///
  /// Pages of a mapped file are given back, so that only one of the two stays in memory. Throws
  /// `.memory`.
  package func converted(to wanted: any ElementFormat, threads: Int) throws(SVFTError) -> Weight {
    let target = format(for: wanted)
    if target.name == format.name { return self }
    let rowBytes = target.rowBytes(columns)
    let bytes = try Buffer(byteCount: Checked.product(rows, rowBytes, "a converted matrix"))
    // One member decodes a few rows at a time: worth a call, and within its cache.
    let step = max(1, min(rows, 4096 / columns))
    let members = max(1, min(threads, Parallel.threadLimit))
    let scratch = try Buffer(
      of: Float.self, count: Checked.product([members, step, columns], "scratch of a conversion"))
    if !MemoryLedger.isRehearsing {
      encode(as: target, into: bytes, scratch: scratch, step: step, members: members)
    }
    self.bytes.releasePages()
    return try Weight(format: target, rows: rows, columns: columns, bytes: bytes)
  }

  /// Encodes all rows, `step` of them at a time.
  private func encode(
    as target: any ElementFormat, into bytes: Buffer, scratch: Buffer, step: Int, members: Int
  ) {
    let rowBytes = target.rowBytes(columns)
    withExtendedLifetime((scratch, bytes)) {
      let numbers = scratch.pointer.assumingMemoryBound(to: Float.self)
      Parallel.run(threads: members) { team in
        let mine = numbers + team.id * step * columns
        for chunk in team.share(of: (rows + step - 1) / step) {
          let range = chunk * step..<min(rows, (chunk + 1) * step)
          decode(rows: range, into: mine)
          target.encode(
            mine, count: range.count * columns, into: bytes.pointer + range.lowerBound * rowBytes)
        }
      }
    }
  }
}
