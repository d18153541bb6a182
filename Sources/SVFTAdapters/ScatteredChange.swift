// Rows of ΔW in the order of a file, which may be another than that of memory. Each piece of a few
// rows reads all of V (or W) once, so that rows which stand side by side in memory are made
// together, pieces side by side by several threads; what that needs is allocated once a tensor.
import SVFTLayers
import SVFTTensor

/// The change of one projection, rows of it in any order.
package final class ScatteredChange {
  private let change: any ChangeRows
  private let columns: Int
  private let threads: Int
  private let memberBytes: Int
  private let scratch: Buffer

  /// Rows of a piece: as many as share one reading of the factors.
  package static let pieceRows = 64

  /// Throws `.memory`.
  init(_ change: any ChangeRows, columns: Int, threads: Int) throws(SVFTError) {
    (self.change, self.columns, self.threads) = (change, columns, max(1, threads))
    let bytes = change.scratchBytes(rows: Self.pieceRows)
    memberBytes = (bytes + Self.turnedBytes(columns) + 63) & ~63
    scratch = try Buffer(
      byteCount: Checked.product(memberBytes, self.threads, "the scratch of a change"))
  }

  private static func turnedBytes(_ columns: Int) -> Int {
    pieceRows * columns * MemoryLayout<Float>.stride
  }

  /// target[i] += scale·ΔW[rows[i]], dense [rows.count, columns]; rows as the slot stores them,
  /// each at most once.
  package func add(_ rows: [Int], scale: Float, to target: UnsafeMutablePointer<Float>) {
    let order = rows.indices.sorted { rows[$0] < rows[$1] }
    let pieces = Self.pieces(order.map { rows[$0] })
    Parallel.run(threads: threads) { team in
      let mine = scratch.pointer + team.id * memberBytes
      for index in team.share(of: pieces.count) {
        add(rows, order[pieces[index]], scale, target, mine)
      }
    }
  }

  /// One piece: `places` of `rows` that are consecutive rows.
  private func add(
    _ rows: [Int], _ places: ArraySlice<Int>, _ scale: Float,
    _ target: UnsafeMutablePointer<Float>, _ scratch: UnsafeMutableRawPointer
  ) {
    guard let place = places.first else { return }
    let range = rows[place]..<rows[place] + places.count
    let rest = scratch + (Self.turnedBytes(columns) + 63) & ~63
    if zip(places, place...).allSatisfy({ $0 == $1 }) {
      return change.add(range, scale: scale, to: target + place * columns, scratch: rest)
    }
    let turned = scratch.assumingMemoryBound(to: Float.self)
    turned.update(repeating: 0, count: places.count * columns)
    change.add(range, scale: scale, to: turned, scratch: rest)
    for (index, place) in places.enumerated() {
      Kernels.add(turned + index * columns, to: target + place * columns, count: columns)
    }
  }

  /// Runs of consecutive numbers in an ascending list, at most `pieceRows` long.
  private static func pieces(_ rows: [Int]) -> [Range<Int>] {
    var pieces: [Range<Int>] = []
    for (index, row) in rows.enumerated() {
      if let last = pieces.last, last.count < pieceRows, row == rows[index - 1] + 1 {
        pieces[pieces.count - 1] = last.lowerBound..<index + 1
      } else {
        pieces.append(index..<index + 1)
      }
    }
    return pieces
  }
}
