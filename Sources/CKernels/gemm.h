/* The shared engine of all F32 products: where B comes from, block sizes, and the one loop nest. */
#ifndef SVK_GEMM_H
#define SVK_GEMM_H

#include "format.h"

enum {
  SVK_PANEL = 32,        /* columns of a panel */
  SVK_INNER = 256,       /* inner length of a panel: a multiple of every block length */
  SVK_WIDTH = 256,       /* columns packed at once: 256 KiB */
  SVK_TILE = 12,         /* rows of a tile of A, one microkernel's */
  SVK_TILES = 43,        /* tiles copied at once: 516 KiB, near together with the panels */
  SVK_SPARE_LENGTH = 272 /* stride of a decoded row: a line more, to spread the cache sets */
};

/* B as a window of a stored matrix. `across`: B[p][j] is value first + j of row p; else it is value
 * p of row first + j. */
typedef struct {
  svk_weights w;
  int64_t first;
  int across;
} svk_panel_source;

/* C (+)= alpha A B for C [m, n]. Scratch: svk_scratch_bytes. */
void svk_gemm(int64_t m, int64_t n, int64_t k, svk_matrix a, svk_panel_source b, float *c,
              int64_t ldc, svk_update update, void *scratch);

#endif
