// In what precision a product with a weight of the checkpoint is computed: decided here alone.
//
//   weights       --compute f32   default, inference        default, training, both directions
//   F32, F16      F32             F32                       F32
//   BF16          F32             BF16                      BF16
//   Q8_0, Q4_0    F32             8 bit (Rounding.swift)    BF16
//
// BF16 keeps 8 bits of each factor and adds in F32. It is for weights that have no finer numbers
// themselves, F16 has 11 bits, and for processors with instructions for it; elsewhere it is F32.
// Everything else, adapters, attention, gradients of weights, is F32.
package import SVFTTensor

extension Weight {
  /// The matrix as this step's products with F32 activations take it.
  package func matrix(in batch: Batch) -> Kernels.StoredMatrix {
    batch.compute == .standard && format.toleratesBF16 ? matrix.inBF16 : matrix
  }
}
