// In what precision a product with a weight of the checkpoint is computed: decided here alone.
//
//   weights       --compute f32   default, inference        default, training, both directions
//   F32, F16      F32             F32                       F32
//   BF16          F32             BF16                      BF16
//   in blocks     F32             8 bit (Rounding.swift)    BF16
//   NF4           F32             BF16                      BF16
//   trained F32   F32             F32                       BF16 where the checkpoint's own weight
//                                                           would be, and its gradient too
//
// BF16 keeps 8 bits of each factor and adds in F32. It is for weights that have no finer numbers
// themselves, F16 has 11 bits, and for processors with instructions for it; elsewhere it is F32.
// Where the weights beside them train in BF16, so do attention and, both together, the singular
// factors of W (Factors.swift). Everything else is F32, the trained numbers of adapters above all,
// and products whose input or output is divided by small singular values (OneSidedNoise.swift).
package import SVFTTensor

extension Weight {
  /// The matrix as this step's products with F32 activations take it.
  package func matrix(in batch: Batch) -> Kernels.StoredMatrix {
    isRounded(in: batch) ? matrix.inBF16 : matrix
  }

  /// Whether this step's products with it, and those that give its gradient, may be in BF16.
  func isRounded(in batch: Batch) -> Bool {
    batch.compute == .standard && !isExact
      && (format.toleratesBF16 || batch.training && trainsInBF16)
  }
}
