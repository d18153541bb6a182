// Rows of ΔW = c·U M Vᵀ, for merging and for dense forms. Where a module is computed from one
// factor, the other is what W makes of it, here as there:
//
//   both        U[rows] M · Vᵀ
//   right only  (W[rows] V̂ D⁻¹) M · V̂ᵀ
//   left only   (Û[rows] M D⁻¹ Ûᵀ) · W
import SVFTLayers
import SVFTTensor

/// ΔW of one module, some rows at a time.
struct DeltaRows: ChangeRows {
  /// What U and V are made of.
  enum Sides {
    case both(Factors)
    case completed(OneSide, Weight)
  }

  private let sides: Sides
  private let coefficients: Coefficients

  init(_ sides: Sides, _ coefficients: Coefficients) {
    self.sides = sides
    self.coefficients = coefficients
  }

  /// Bytes of scratch for `rows` rows at a time.
  func scratchBytes(rows: Int) -> Int { Places(self, rows: rows).byteCount }

  /// Where each part of the scratch lies: rows over directions twice, rows over the longest side.
  private struct Places {
    let mixed, turned, long, rest, byteCount: Int

    init(_ delta: DeltaRows, rows: Int) {
      let order = delta.coefficients.pattern.order
      func floats(_ count: Int) -> Int { (count * MemoryLayout<Float>.stride + 63) & ~63 }
      mixed = SparseProduct.memberScratch(order: order)
      turned = mixed + floats(rows * order)
      switch delta.sides {
      case .both(let factors):
        (long, rest) = (turned, turned)
        byteCount = rest + (factors.right.scratchBytes + 63) & ~63
      case .completed(let side, let weight):
        long = turned + floats(rows * order)
        // Twice where rows of U have an order of their own.
        let copies = side.rowOrder == .canonical ? 1 : 2
        rest = long + copies * floats(rows * max(weight.rows, weight.columns))
        byteCount = rest + (max(side.directions.scratchBytes, weight.scratchBytes) + 63) & ~63
      }
    }
  }

  /// The parts of the scratch of one call.
  private struct Scratch {
    let mixed, turned, long: UnsafeMutablePointer<Float>
    let rest: UnsafeMutableRawPointer

    init(_ places: Places, _ scratch: UnsafeMutableRawPointer) {
      func floats(_ place: Int) -> UnsafeMutablePointer<Float> {
        (scratch + place).assumingMemoryBound(to: Float.self)
      }
      (mixed, turned, long) = (floats(places.mixed), floats(places.turned), floats(places.long))
      rest = scratch + places.rest
    }
  }

  /// target += scale·ΔW[rows], dense [rows.count, in]; rows as the slot stores them.
  func add(
    _ rows: Range<Int>, scale: Float, to target: UnsafeMutablePointer<Float>,
    scratch: UnsafeMutableRawPointer
  ) {
    let parts = Scratch(Places(self, rows: rows.count), scratch)
    func mix(_ u: UnsafePointer<Float>) {
      coefficients.product.product(
        u, into: parts.mixed, transposed: true, scale: scale * coefficients.gateValue,
        accumulate: false, tokens: rows.count, team: .alone, scratch: scratch)
    }
    switch sides {
    case .both(let factors):
      let u = factors.left.bytes.pointer.assumingMemoryBound(to: Float.self)
      mix(u + rows.lowerBound * factors.order)
      factors.right.addTransposed(parts.mixed, tokens: rows.count, to: target, scratch: parts.rest)
    case .completed(let side, let weight) where side.isRight:
      weight.decode(rows: rows, into: parts.long)
      side.directions.inward(parts.long, rows.count, into: parts.turned, parts.rest)
      side.divide(parts.turned, rows: rows.count)
      mix(parts.turned)
      side.directions.outward(
        parts.mixed, rows.count, into: target, accumulate: true, parts.rest)
    case .completed(let side, let weight):
      // Rows of Û are what the directions make of unit vectors.
      parts.long.update(repeating: 0, count: rows.count * weight.rows)
      for (index, row) in rows.enumerated() {
        parts.long[index * weight.rows + side.rowOrder.canonical(row)] = 1
      }
      side.directions.inward(parts.long, rows.count, into: parts.turned, parts.rest)
      mix(parts.turned)
      side.divide(parts.mixed, rows: rows.count)
      side.directions.outward(
        parts.mixed, rows.count, into: parts.long, accumulate: false, parts.rest)
      var rotated = parts.long
      if side.rowOrder != .canonical {
        rotated += rows.count * weight.rows
        side.rowOrder.move(
          parts.long, into: rotated, count: rows.count, width: weight.rows, toStored: true)
      }
      weight.addTransposed(rotated, tokens: rows.count, to: target, scratch: parts.rest)
    }
  }
}

extension Directions {
  /// B x by one thread.
  fileprivate func inward(
    _ x: UnsafePointer<Float>, _ tokens: Int, into z: UnsafeMutablePointer<Float>,
    _ scratch: UnsafeMutableRawPointer
  ) {
    inward(Product(source: x, target: z, tokens: tokens, team: .alone, scratch: scratch))
  }

  /// Bᵀ z by one thread.
  fileprivate func outward(
    _ z: UnsafePointer<Float>, _ tokens: Int, into y: UnsafeMutablePointer<Float>,
    accumulate: Bool, _ scratch: UnsafeMutableRawPointer
  ) {
    outward(
      Product(
        source: z, target: y, tokens: tokens, accumulate: accumulate, team: .alone,
        scratch: scratch))
  }
}
