/* Products in F32 with few columns, like x A' of an adapter of low rank, or few rows, like the
 * gradient of that A: their large side is used once, so that copying it first, as the engine
 * (gemm.c) does, would cost as much as the product. It is read where it lies.
 *
 *   few rows      C[m <= 12, n]  both are read as they lie, where rows of B are rows of a matrix
 *   turned        C[m, n <= 12]  the same for C' = B' A', where columns of A are rows of a matrix
 *   few columns   C[m, n <= 32]  B becomes one panel, A is read as it lies
 *
 * Every element is the same chain of multiply-adds as in the engine, so that no bit depends on
 * which of the two computes it. For AVX-512, whose masks cut the edges. */
#include "thin_gemm.h"

#if SVK_X86
#include "x86/thin_gemm.h"

static int has_few_columns(int64_t n) { return n <= SVK_PANEL; }

static int lies_in_rows(svk_panel_source b) {
  return b.across && b.w.arrangement == SVK_ROWS && b.w.format == svk_format_f32();
}

static int has_few_rows(int64_t m, svk_panel_source b) { return m <= SVK_TILE && lies_in_rows(b); }

static int is_turned(int64_t n, svk_matrix a, svk_panel_source b) {
  return n <= SVK_TILE && a.row_stride == 1 && lies_in_rows(b);
}

/* One stretch of up to 256 inner positions, with B as a panel. */
static void few_columns(int64_t m, int64_t n, int64_t k, svk_matrix a, const float *panel,
                        float *c, int64_t ldc, svk_update update) {
  const int is_narrow = n <= HALF && a.column_stride == 1;
  for (int64_t i = 0; i < m; i += SVK_TILE) {
    int rows = (int)(m - i < SVK_TILE ? m - i : SVK_TILE);
    svk_matrix tile = {a.a + i * a.row_stride, a.row_stride, a.column_stride, 0};
    (is_narrow ? narrow_tile : thin_tile)(rows, (int)n, tile, k, panel, SVK_PANEL, c + i * ldc,
                                          ldc, update);
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

/* One stretch of C' = B' A', whose tiles are turned on their way to C and back. */
static void turned(int64_t m, int64_t n, int64_t k, svk_matrix a, const float *b, int64_t stride,
                   float *c, int64_t ldc, svk_update update) {
  svk_matrix rows = {b, 1, stride, 0};
  for (int64_t i = 0; i < m; i += SVK_PANEL) {
    int64_t count = m - i < SVK_PANEL ? m - i : SVK_PANEL;
    float tile[SVK_TILE * SVK_PANEL], *to = c + i * ldc;
    for (int64_t r = 0; r < count && update.accumulate; r++) {
      for (int64_t j = 0; j < n; j++) tile[j * SVK_PANEL + r] = to[r * ldc + j];
    }
    thin_tile((int)n, (int)count, rows, k, a.a + i, a.column_stride, tile, SVK_PANEL, update);
    for (int64_t r = 0; r < count; r++) {
      for (int64_t j = 0; j < n; j++) to[r * ldc + j] = tile[j * SVK_PANEL + r];
    }
  }
}

int svk_thin_gemm(int64_t m, int64_t n, int64_t k, svk_matrix a, svk_panel_source b, float *c,
                  int64_t ldc, svk_update update, float *scratch) {
  if (svk_isa() < SVK_AVX512 || !(has_few_columns(n) || has_few_rows(m, b))) return 0;
  for (int64_t p = 0; p < k; p += SVK_INNER) {
    int64_t depth = k - p < SVK_INNER ? k - p : SVK_INNER;
    svk_update now = {update.alpha, p == 0 ? update.accumulate : 1};
    svk_matrix from = {a.a + p * a.column_stride, a.row_stride, a.column_stride, 0};
    if (lies_in_rows(b)) {
      const float *rows = (const float *)b.w.bytes + p * b.w.columns + b.first;
      if (has_few_rows(m, b)) {
        few_rows(m, n, depth, from, rows, b.w.columns, c, ldc, now);
        continue;
      }
      if (is_turned(n, a, b)) {
        turned(m, n, depth, from, rows, b.w.columns, c, ldc, now);
        continue;
      }
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
