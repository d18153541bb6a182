/* Products in F32 with few columns, like x A' of an adapter of low rank, or few rows, like the
 * gradient of that A: their large side is used once, so that copying it first, as the engine
 * (gemm.c) does, would cost as much as the product. It is read where it lies.
 *
 *   few columns   C[m, n <= 32]  B becomes one panel, A is read as it lies
 *   few rows      C[m <= 12, n]  both are read as they lie, where rows of B are rows of a matrix
 *
 * Every element is the same chain of multiply-adds as in the engine, so that no bit depends on
 * which of the two computes it. For AVX-512, whose masks cut the edges. */
#include "thin_gemm.h"

#if SVK_X86
#include "x86/thin_gemm.h"

static int has_few_columns(int64_t n) { return n <= SVK_PANEL; }

static int has_few_rows(int64_t m, svk_panel_source b) {
  return m <= SVK_TILE && b.across && b.w.arrangement == SVK_ROWS && b.w.format == svk_format_f32();
}

/* One stretch of up to 256 inner positions, with B as a panel. */
static void few_columns(int64_t m, int64_t n, int64_t k, svk_matrix a, const float *panel,
                        float *c, int64_t ldc, svk_update update) {
  for (int64_t i = 0; i < m; i += SVK_TILE) {
    int rows = (int)(m - i < SVK_TILE ? m - i : SVK_TILE);
    svk_matrix tile = {a.a + i * a.row_stride, a.row_stride, a.column_stride, 0};
    thin_tile(rows, (int)n, tile, k, panel, SVK_PANEL, c + i * ldc, ldc, update);
  }
}

/* One stretch, with B as it lies, `stride` from row to row. */
static void few_rows(int64_t m, int64_t n, int64_t k, svk_matrix a, const float *b, int64_t stride,
                     float *c, int64_t ldc, svk_update update) {
  for (int64_t j = 0; j < n; j += SVK_PANEL) {
    int columns = (int)(n - j < SVK_PANEL ? n - j : SVK_PANEL);
    thin_tile((int)m, columns, a, k, b + j, stride, c + j, ldc, update);
  }
}

int svk_thin_gemm(int64_t m, int64_t n, int64_t k, svk_matrix a, svk_panel_source b, float *c,
                  int64_t ldc, svk_update update, float *scratch) {
  if (svk_isa() < SVK_AVX512 || !(has_few_columns(n) || has_few_rows(m, b))) return 0;
  for (int64_t p = 0; p < k; p += SVK_INNER) {
    int64_t depth = k - p < SVK_INNER ? k - p : SVK_INNER;
    svk_update now = {update.alpha, p == 0 ? update.accumulate : 1};
    svk_matrix from = {a.a + p * a.column_stride, a.row_stride, a.column_stride, 0};
    if (has_few_rows(m, b)) {
      const float *rows = (const float *)b.w.bytes + p * b.w.columns + b.first;
      few_rows(m, n, depth, from, rows, b.w.columns, c, ldc, now);
      continue;
    }
    float *panel = scratch, *spare = scratch + SVK_PANEL * SVK_INNER;
    svk_pack_panels_f32(b, p, depth, 0, n, panel, spare);
    few_columns(m, n, depth, from, panel, c, ldc, now);
  }
  return 1;
}
#else
int svk_thin_gemm(int64_t m, int64_t n, int64_t k, svk_matrix a, svk_panel_source b, float *c,
                  int64_t ldc, svk_update update, float *scratch) {
  (void)m, (void)n, (void)k, (void)a, (void)b, (void)c, (void)ldc, (void)update, (void)scratch;
  return 0;
}
#endif
