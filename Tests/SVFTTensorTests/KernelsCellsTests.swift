// Cells of stored numbers: what is moved or drawn into them gets their codes again, and what lies
// elsewhere does not.
import SVFTTensor
import TestKit
import Testing

@Suite struct KernelsCellsTests {
  private static let rounding = ElementFormats.all.filter {
    $0.name != "F32" && $0.kernels.hasCells
  }
  private static let count = 32 * 37

  /// Numbers of many magnitudes, a block of zeros, one whose scale is the smallest there is.
  private func numbers(_ seed: UInt64) -> [Float] {
    var random = RandomSource(seed: seed, purpose: "cells")
    return (0..<Self.count).map { index in
      switch index / 32 {
      case 3: 0
      case 4: Float(random.normal() * 3e-8)
      case let block:
        Float(random.normal()) * Float(sign: .plus, exponent: block % 9 - 4, significand: 1)
      }
    }
  }

  private func codes(_ format: any ElementFormat, of values: [Float]) throws -> Buffer {
    let bytes = try Buffer(byteCount: format.rowBytes(values.count))
    format.encode(values, count: values.count, into: bytes.pointer)
    return bytes
  }

  private func recoded(
    _ format: any ElementFormat, _ values: [Float], over codes: Buffer
  ) throws -> [UInt8] {
    let target = try Buffer(byteCount: codes.byteCount)
    target.pointer.copyMemory(from: codes.pointer, byteCount: codes.byteCount)
    format.kernels.recode(values, count: values.count, into: target.pointer)
    return withExtendedLifetime((codes, target)) { Array(target.bytes) }
  }

  @Test(arguments: rounding, Kernels.instructionSets)
  func latentsRoundToTheirCodes(_ format: any ElementFormat, _ set: Kernels.InstructionSet) throws {
    try Kernels.with(set) {
      for seed in 0..<8 as Range<UInt64> {
        let original = numbers(seed)
        let stored = try codes(format, of: original)
        // What it was made of is moved a little where the encoder cut it off, and never a stray.
        var values = original
        let strays = format.kernels.clamp(
          &values, toCellsOf: stored.pointer, count: values.count)
        #expect(strays == 0)
        #expect(try recoded(format, values, over: stored) == Array(stored.bytes))
        let kept = zip(values, original).count { $0 == $1 }
        #expect(kept > Self.count * 8 / 10)
        var random = RandomSource(seed: seed, purpose: "bytes")
        let bytes = (0..<Self.count).map { _ in UInt8(random.below(256)) }
        format.kernels.spread(
          inCellsOf: stored.pointer, count: values.count, random: bytes, into: &values)
        #expect(try recoded(format, values, over: stored) == Array(stored.bytes))
        withExtendedLifetime(stored) {}
      }
    }
  }

  @Test(arguments: rounding)
  func theEndsOfACellAreItsOwn(_ format: any ElementFormat) throws {
    let stored = try codes(format, of: numbers(1))
    for end in [0, 255] as [UInt8] {
      var values = [Float](repeating: 0, count: Self.count)
      format.kernels.spread(
        inCellsOf: stored.pointer, count: values.count,
        random: [UInt8](repeating: end, count: values.count), into: &values)
      #expect(try recoded(format, values, over: stored) == Array(stored.bytes))
      var middle = [Float](repeating: 0, count: Self.count)
      format.decode(stored.pointer, count: values.count, into: &middle)
      let beyond = zip(values, middle).map { $1 + ($0 - $1) * 1.1 }
      let moved = try recoded(format, beyond, over: stored)
      // An edge code has no neighbour on one side, a block of zeros none at all.
      let changed = zip(moved, stored.bytes).count { $0 != $1 }
      #expect(changed > stored.byteCount / 3)
    }
    withExtendedLifetime(stored) {}
  }

  /// Against the definition: the nearest code at the scale that is there.
  @Test(arguments: ["Q8_0", "Q4_0"], Kernels.instructionSets)
  func recodingTakesTheNearestCode(_ name: String, _ set: Kernels.InstructionSet) throws {
    let format = try ElementFormats.required(name)
    try Kernels.with(set) {
      let stored = try codes(format, of: numbers(2))
      let other = numbers(3).map { $0 * 2 }
      let found = try recoded(format, other, over: stored)
      var decoded = [Float](repeating: 0, count: Self.count)
      format.decode(found, count: Self.count, into: &decoded)
      let (least, most) = name == "Q8_0" ? (-128, 127) : (-8, 7)
      for index in 0..<Self.count {
        let bits = stored.bytes.loadUnaligned(
          fromByteOffset: index / 32 * format.blockBytes, as: UInt16.self)
        let scale = Float(Float16(bitPattern: bits))
        let steps = scale == 0 ? 0 : Double(other[index]) / Double(scale)
        let nearest = min(Double(most), max(Double(least), steps)).rounded()
        let off = abs(Double(decoded[index]) - nearest * Double(scale))
        // Halves may go either way.
        let isHalf = abs(abs(steps - steps.rounded(.down)) - 0.5) < 1e-3
        #expect(off <= (isHalf ? 1.001 : 1e-6) * Double(abs(scale)))
      }
      withExtendedLifetime(stored) {}
    }
  }

  @Test(arguments: rounding)
  func otherWeightsAreStrays(_ format: any ElementFormat) throws {
    let stored = try codes(format, of: numbers(4))
    var values = numbers(5)
    let strays = format.kernels.clamp(&values, toCellsOf: stored.pointer, count: values.count)
    #expect(strays > Self.count / 2)
    #expect(try recoded(format, values, over: stored) == Array(stored.bytes))
    withExtendedLifetime(stored) {}
  }

  @Test(arguments: rounding, Kernels.instructionSets)
  func whatIsNoNumberTrapsNothing(
    _ format: any ElementFormat, _ set: Kernels.InstructionSet
  ) throws {
    try Kernels.with(set) {
      let stored = try codes(format, of: numbers(6))
      for hostile in [.nan, .infinity, -.infinity, 3e38] as [Float] {
        let values = [Float](repeating: hostile, count: Self.count)
        _ = try recoded(format, values, over: stored)
        var clamped = values
        _ = format.kernels.clamp(&clamped, toCellsOf: stored.pointer, count: clamped.count)
        #expect(Kernels.allFinite(clamped, count: clamped.count))
      }
      // Any bytes are read as cells.
      let random = try Buffer(byteCount: stored.byteCount)
      var source = RandomSource(seed: 1, purpose: "hostile")
      let bytes = random.values(UInt8.self)
      for index in bytes.indices { bytes[index] = UInt8(source.below(256)) }
      var values = numbers(7)
      _ = format.kernels.clamp(&values, toCellsOf: random.pointer, count: values.count)
      withExtendedLifetime((stored, random)) {}
    }
  }
}
