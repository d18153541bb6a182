/* The shared engine of all products that add in F32: where B comes from, block sizes, the one loop
 * nest, and what differs between multiplying in F32 and in BF16.
 *
 * The engine goes over the inner length in steps, and a step is 4 bytes of every row of A and of
 * every column of B: one position in F32, two neighbours in BF16. An odd last one has a zero beside
 * it. */
#ifndef SVK_GEMM_H
#define SVK_GEMM_H

#include "format.h"

enum {
  SVK_PANEL = 32,        /* columns of a panel */
  SVK_INNER = 256,       /* steps of a panel: a multiple of every block length */
  SVK_WIDTH = 256,       /* columns packed at once: 256 KiB */
  SVK_TILES = 43,        /* tiles of 12 rows copied at once: 516 KiB, near with the panels */
  SVK_SPARE_LENGTH = 272 /* stride of a decoded row: a line more, to spread the cache sets */
};

/* B as a window of a stored matrix. `across`: B[p][j] is value first + j of row p; else it is value
 * p of row first + j. */
typedef struct {
  svk_weights w;
  int64_t first;
  int across;
} svk_panel_source;

/* A way of multiplying: what tiles and panels hold, tile[step * rows + i], panel[step * 32 + j].
 * Only the last tile has fewer rows than 12. */
typedef struct {
  /* Inner positions of a step. */
  int64_t positions;
  /* Up to 12 rows of `k` positions of A; in F32 a tile takes a few floats more than its own. */
  void (*copy_tile)(svk_matrix a, int64_t rows, int64_t k, float *tile);
  /* Panels of positions p..<p+k, columns j..<j+count (at most SVK_WIDTH) of B, one after the other;
   * columns that are not there are zeros. */
  void (*pack_panels)(svk_panel_source b, int64_t p, int64_t k, int64_t j, int64_t count,
                      float *panels, float *spare);
  /* C (+)= alpha tile panel for up to 12 rows and 32 columns. Where fewer are wanted, others of the
   * 32 may be left out. */
  void (*multiply_tile)(int rows, int columns, const float *tile, int64_t steps,
                        const float *panel, float *c, int64_t ldc, svk_update update);
} svk_arithmetic;

/* In BF16 (gemm_bf16.c), for A of which one stride is 1. */
svk_arithmetic svk_arithmetic_bf16(void);

/* Whether products with these weights are computed in BF16. */
static inline int svk_multiplies_bf16(svk_weights w) {
  return SVK_X86 && w.rounds && svk_isa() >= SVK_AVX512BF16;
}

/* pack_panels of the F32 arithmetic. */
void svk_pack_panels_f32(svk_panel_source b, int64_t p, int64_t k, int64_t j, int64_t count,
                         float *panels, float *spare);

int64_t svk_gemm_scratch_bytes(void);
/* C (+)= alpha A B for C [m, n]. Scratch: svk_gemm_scratch_bytes. */
void svk_gemm(int64_t m, int64_t n, int64_t k, svk_matrix a, svk_panel_source b, float *c,
              int64_t ldc, svk_update update, void *scratch);

/* Up to 4 rows in BF16 times few tokens as BF16 codes (dots_bf16.c):
 * out[t * 4 + r] = sum_k W[r, k] * x[t * ldx + k]. */
void svk_dots_bf16(const uint8_t *rows, int64_t row_bytes, int64_t row_count, int64_t columns,
                   const uint16_t *x, int64_t ldx, int64_t tokens, float *out);

#endif
