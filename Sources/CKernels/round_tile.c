/* Activations rounded to BF16 once for all products of a value and all threads, in the tiles of the
 * engine (gemm.h): for each stretch of 512 positions [tile][step][rows][2], so that a product finds
 * the tiles of its stretch side by side. */
#include "gemm.h"

#if SVK_X86
void svk_round_tile(const float *x, int64_t ldx, int64_t tokens, int64_t columns, int64_t tile,
                    float *target) {
  const svk_arithmetic by = svk_arithmetic_bf16();
  const int64_t inner = SVK_INNER * by.positions, first = tile * SVK_TILE;
  const int64_t rows = tokens - first < SVK_TILE ? tokens - first : SVK_TILE;
  for (int64_t p = 0; p < columns; p += inner) {
    int64_t depth = columns - p < inner ? columns - p : inner;
    int64_t steps = (depth + by.positions - 1) / by.positions;
    svk_matrix from = {x + first * ldx + p, ldx, 1, 0};
    by.copy_tile(from, rows, depth, target + p / by.positions * tokens + first * steps);
  }
}
#else
void svk_round_tile(const float *x, int64_t ldx, int64_t tokens, int64_t columns, int64_t tile,
                    float *target) {
  (void)x, (void)ldx, (void)tokens, (void)columns, (void)tile, (void)target;
}
#endif
