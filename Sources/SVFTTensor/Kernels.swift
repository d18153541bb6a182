// The only door to C. Swift signatures over the kernels of CKernels; what each computes is said
// here, its layout and its variants there.
//
// Kernels trust their arguments: pointers to as many values as the shapes say. They never allocate,
// never throw, and run on the calling thread alone; ops split rows or columns over their team.
import CKernels

/// Arithmetic on F32 vectors and on matrices in any element format.
package enum Kernels {
  /// Sets of instructions, from the one every machine has to the fastest.
  package enum InstructionSet: Int32, CaseIterable, Comparable, Sendable {
    case portable, avx2, avx512, avx512vnni, avx512bf16

    /// Whether `a` has fewer instructions than `b`.
    package static func < (a: InstructionSet, b: InstructionSet) -> Bool {
      a.rawValue < b.rawValue
    }
  }

  /// The set in use: the processor's best, or what SVFT_ISA asks for (cpu.c).
  package static var instructionSet: InstructionSet {
    InstructionSet(rawValue: svk_isa_detected()) ?? .portable
  }

  /// The sets this machine can run, up to the one in use, and beside avx512vnni also avx512bf16
  /// with its instructions spelled out.
  package static var instructionSets: [InstructionSet] {
    InstructionSet.allCases.filter { $0.rawValue <= svk_isa_runnable() }
  }

  /// Whether avx512bf16 would multiply by the processor's own instructions.
  package static var hasBF16Instructions: Bool { svk_spells_out_bf16() == 0 }

  /// Runs `body` with another set on this thread alone (not on teams it starts). For tests.
  package static func with<Result, Failure>(
    _ set: InstructionSet, _ body: () throws(Failure) -> Result
  ) throws(Failure) -> Result {
    svk_isa_override(set.rawValue)
    defer { svk_isa_override(-1) }
    return try body()
  }

  /// Runs `body` with BF16 instructions spelled out on this thread alone. For tests.
  package static func spellingOutBF16<Result, Failure>(
    _ body: () throws(Failure) -> Result
  ) throws(Failure) -> Result {
    svk_spell_out_bf16(1)
    defer { svk_spell_out_bf16(0) }
    return try body()
  }

  /// What a product does with its target: target = alpha·product, or target += alpha·product.
  package struct Update: Sendable {
    package var alpha: Float
    package var accumulate: Bool

    package init(alpha: Float = 1, accumulate: Bool = false) {
      self.alpha = alpha
      self.accumulate = accumulate
    }

    var value: svk_update { svk_update(alpha: alpha, accumulate: accumulate ? 1 : 0) }
  }

  /// Bytes of 64-byte aligned scratch, per thread, for any product over rows of `inner` values.
  package static func scratchBytes(_ inner: Int) -> Int { Int(svk_scratch_bytes(Int64(inner))) }
}
