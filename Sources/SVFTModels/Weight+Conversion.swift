// Re-encoding a matrix in another element format, by rows, on a team. Rows lie as they lay; each is
// encoded on its own, so the bytes depend on nothing but the row.
//
// Rows that are no whole number of blocks get what their format names in its place (ggml's rule),
// at last F16.
//
// NaN, infinity and what is beyond the format's range decode to something that is not finite, and
// are refused here, where their tensor is known.
package import SVFTLayers
package import SVFTTensor
import Synchronization

extension Weight {
  /// The transpose, number by number, in memory of its own.
  ///
  /// `.unsupported` for formats whose blocks lie along rows.
  package func transposed() throws(SVFTError) -> Weight {
    guard format.blockLength == 1 else {
      throw SVFTError(
        .unsupported, "expected F32, F16 or BF16 for a transposed matrix, found \(format.name)")
    }
    let turned = try Buffer(
      byteCount: Checked.product(columns, format.rowBytes(rows), "a transposed matrix"))
    if !MemoryLedger.isRehearsing {
      withExtendedLifetime(bytes) {
        format.blockBytes == 4
          ? Self.transpose(bytes, UInt32.self, into: turned, rows, columns)
          : Self.transpose(bytes, UInt16.self, into: turned, rows, columns)
      }
    }
    bytes.releasePages()
    return try Weight(format: format, rows: columns, columns: rows, bytes: turned)
  }

  /// An F32 vector with `offset` taken from each number; the vector itself where that is 0.
  package func less(_ offset: Float) throws(SVFTError) -> Weight {
    guard offset != 0 else { return self }
    let numbers = try Buffer(of: Float.self, count: rows * columns)
    if !MemoryLedger.isRehearsing {
      withExtendedLifetime(bytes) {
        for (index, value) in bytes.values(Float.self).prefix(rows * columns).enumerated() {
          numbers.values(Float.self)[index] = value - offset
        }
      }
    }
    return try Weight(format: format, rows: rows, columns: columns, bytes: numbers)
  }

  /// The matrix with `zeroRows` rows of zeros before its own; itself where there are none.
  package func behind(zeroRows count: Int) throws(SVFTError) -> Weight {
    guard count > 0 else { return self }
    let all = try Checked.sum(rows, count, "rows of a matrix")
    let row = format.rowBytes(columns)
    let whole = try Buffer(byteCount: Checked.product(all, row, "a matrix behind zeros"))
    if !MemoryLedger.isRehearsing {
      let zeros = [Float](repeating: 0, count: columns)
      for index in 0..<count {
        format.encode(zeros, count: columns, into: whole.pointer + index * row)
      }
      withExtendedLifetime(bytes) {
        (whole.pointer + count * row).copyMemory(from: bytes.pointer, byteCount: rows * row)
      }
    }
    return try Weight(format: format, rows: all, columns: columns, bytes: whole)
  }

  private static func transpose<Element>(
    _ source: Buffer, _ type: Element.Type, into target: Buffer, _ rows: Int, _ columns: Int
  ) {
    let (from, to) = (source.values(type), target.values(type))
    // Tiles of 64: both sides stay within a few pages.
    for first in stride(from: 0, to: rows, by: 64) {
      for left in stride(from: 0, to: columns, by: 64) {
        for row in first..<min(rows, first + 64) {
          for column in left..<min(columns, left + 64) {
            to[column * rows + row] = from[row * columns + column]
          }
        }
      }
    }
  }

  /// What this matrix becomes when `wanted` is asked for.
  package func format(for wanted: any ElementFormat) -> any ElementFormat {
    wanted.fitting(columns: columns)
  }

  /// The matrix in `wanted` (or what is in its place); the matrix itself where it is that already.
  ///
  /// It lies in `run`, where there is one. Pages of a mapped file are given back, so that only one
  /// of the two stays in memory. Throws `.memory`, `.unsupported` where nothing can be brought into
  /// `wanted`, and `.nonFinite` with the row for what it cannot hold; F32 holds everything.
  package func converted(
    to wanted: any ElementFormat, threads: Int, in run: BufferRun? = nil
  ) throws(SVFTError) -> Weight {
    let target = format(for: wanted)
    if target.name == format.name { return self }
    guard target.canEncode else {
      throw SVFTError(
        .unsupported, "expected a format to convert to, found \(target.name), which is read alone")
    }
    let rowBytes = target.rowBytes(columns)
    let bytes = try Buffer(
      byteCount: Checked.product(rows, rowBytes, "a converted matrix"), in: run)
    // One member decodes a few rows at a time: worth a call, and within its cache.
    let step = max(1, min(rows, 4096 / columns))
    let members = max(1, min(threads, Parallel.threadLimit))
    let scratch = try Buffer(
      of: Float.self, count: Checked.product([members, step, columns], "scratch of a conversion"))
    if !MemoryLedger.isRehearsing {
      try encode(as: target, into: bytes, scratch: scratch, step: step, members: members)
    }
    self.bytes.releasePages()
    return try Weight(format: target, rows: rows, columns: columns, bytes: bytes)
  }

  /// Encodes all rows, `step` of them at a time, and decodes them again to find what the format
  /// cannot hold (a tenth of the time, a third where a plain format becomes another).
  private func encode(
    as target: any ElementFormat, into bytes: Buffer, scratch: Buffer, step: Int, members: Int
  ) throws(SVFTError) {
    let rowBytes = target.rowBytes(columns)
    let mayRefuse = target.name != ElementFormats.f32.name
    let refused = Atomic(Int.max)
    withExtendedLifetime((scratch, bytes)) {
      let numbers = scratch.pointer.assumingMemoryBound(to: Float.self)
      Parallel.run(threads: members) { team in
        let mine = numbers + team.id * step * columns
        for chunk in team.share(of: (rows + step - 1) / step) {
          let range = chunk * step..<min(rows, (chunk + 1) * step)
          let (count, place) = (range.count * columns, bytes.pointer + range.lowerBound * rowBytes)
          decode(rows: range, into: mine)
          target.encode(mine, count: count, into: place)
          guard mayRefuse else { continue }
          target.decode(place, count: count, into: mine)
          guard Kernels.allFinite(mine, count: count) else {
            refused.min(range.lowerBound, ordering: .relaxed)
            return
          }
        }
      }
    }
    let first = refused.load(ordering: .relaxed)
    if first < rows { throw try refusal(of: target, from: first, scratch: scratch) }
  }

  /// What is wrong with the first row from `first` on that `target` cannot hold.
  private func refusal(
    of target: any ElementFormat, from first: Int, scratch: Buffer
  ) throws(SVFTError) -> SVFTError {
    let encoded = try Buffer(byteCount: target.rowBytes(columns))
    return withExtendedLifetime((scratch, encoded)) {
      let numbers = scratch.pointer.assumingMemoryBound(to: Float.self)
      for row in first..<rows {
        decode(rows: row..<row + 1, into: numbers)
        guard Kernels.allFinite(numbers, count: columns) else {
          return SVFTError(
            .nonFinite, "row \(row): expected finite numbers to convert, found NaN or infinity")
        }
        let largest = Kernels.largestMagnitude(numbers, count: columns)
        target.encode(numbers, count: columns, into: encoded.pointer)
        target.decode(encoded.pointer, count: columns, into: numbers)
        guard Kernels.allFinite(numbers, count: columns) else {
          return SVFTError(
            .nonFinite,
            "row \(row): expected numbers that \(target.name) can hold, found \(largest)")
        }
      }
      return SVFTError(.internal, "libsvft is at fault: a refused row is sound")
    }
  }
}
