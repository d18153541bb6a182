/* One loop nest for every dense product, after Goto and van de Geijn (2008): a block of B is
 * packed into panels of 32 columns, decoded on the way; 12 rows of A are copied beside each
 * other and multiplied with all panels of the block by a microkernel that keeps 12 x 32 sums in
 * registers.
 *
 * Every element of C is the same chain of fused multiply-adds over p, 256 at a time, wherever it
 * lies in a tile: splitting rows or columns over threads changes no bit. The microkernels' fast
 * forms are in x86/gemm.h. */
#include "gemm.h"

#include <string.h>

#include "strips.h"

/* tile: row i at tile + i * SVK_TILE_LENGTH, or, across, column p at tile + p * SVK_TILE_WIDTH. */
typedef void (*microkernel)(int rows, int across, const float *tile, int64_t k, const float *panel,
                            float *c, int64_t ldc, svk_update update);

static void gemm_tile__portable(int rows, int across, const float *tile, int64_t k,
                                const float *panel, float *c, int64_t ldc, svk_update update) {
  int64_t row_stride = across ? 1 : SVK_TILE_LENGTH, column_stride = across ? SVK_TILE_WIDTH : 1;
  for (int i = 0; i < rows; i++) {
    float sums[SVK_PANEL] = {0};
    for (int64_t p = 0; p < k; p++) {
      float value = tile[i * row_stride + p * column_stride];
      for (int j = 0; j < SVK_PANEL; j++) sums[j] += value * panel[p * SVK_PANEL + j];
    }
    for (int j = 0; j < SVK_PANEL; j++) {
      float old = update.accumulate ? c[i * ldc + j] : 0;
      c[i * ldc + j] = old + update.alpha * sums[j];
    }
  }
}

/* panel[p * 32 + r] = rows[r * stride + p]; rows beyond `count` become zeros. */
static void gemm_transpose__portable(const float *rows, int64_t stride, int64_t count, int64_t k,
                                     float *panel) {
  if (count < SVK_PANEL) memset(panel, 0, (size_t)(k * SVK_PANEL) * sizeof(float));
  for (int64_t r = 0; r < count; r++) {
    for (int64_t p = 0; p < k; p++) panel[p * SVK_PANEL + r] = rows[r * stride + p];
  }
}

#if SVK_X86
#include "x86/gemm.h"
#endif

/* The panel of columns j..<j+count (at most 32) and inner positions p..<p+k, from rows as they lie.
   */
static void pack_along(svk_panel_source b, int64_t p, int64_t k, int64_t j, int64_t count,
                       float *panel, float *spare) {
  const svk_format *format = b.w.format;
  int64_t row = b.first + j;
  if (b.w.in_strips) {
    if (count <= SVK_STRIP) memset(panel, 0, (size_t)(k * SVK_PANEL) * sizeof(float));
    for (int64_t r = 0; r < count; r += SVK_STRIP) {
      svk_strip_decode(svk_strip_at(b.w, row + r), p / SVK_BLOCK, k / SVK_BLOCK, panel + r,
                       SVK_PANEL);
    }
    return;
  }
  int64_t row_bytes = svk_bytes_of(format, b.w.columns);
  const uint8_t *from = (const uint8_t *)b.w.bytes + row * row_bytes + svk_bytes_of(format, p);
  if (format == svk_format_f32()) {
    SVK_PICK(gemm_transpose)((const float *)from, b.w.columns, count, k, panel);
    return;
  }
  for (int64_t r = 0; r < count; r++) {
    format->decode(from + r * row_bytes, k, spare + r * SVK_TILE_LENGTH);
  }
  SVK_PICK(gemm_transpose)(spare, SVK_TILE_LENGTH, count, k, panel);
}

/* The same from strips: a block of 16 rows comes as [32][16] and is turned round. */
static void pack_strips_across(svk_panel_source b, int64_t p, int64_t k, int64_t j, int64_t count,
                               float *panels, float *spare) {
  for (int64_t q = 0; q < k; q += SVK_STRIP) {
    svk_strip strip = svk_strip_at(b.w, p + q);
    for (int64_t done = 0; done < count; done += SVK_BLOCK) {
      float *target = panels + done / SVK_PANEL * (SVK_PANEL * k) + q * SVK_PANEL;
      svk_strip_decode(strip, (b.first + j + done) / SVK_BLOCK, 1, spare, SVK_STRIP);
      SVK_PICK(gemm_transpose)(spare, SVK_STRIP, SVK_PANEL, strip.rows, target);
    }
  }
}

/* All panels of columns j..<j+count (at most SVK_WIDTH), where a row of B is a row of the matrix.
   */
static void pack_across(svk_panel_source b, int64_t p, int64_t k, int64_t j, int64_t count,
                        float *panels, float *spare) {
  const svk_format *format = b.w.format;
  int64_t step = SVK_PANEL * k, row_bytes = svk_bytes_of(format, b.w.columns);
  if (b.w.in_strips) {
    pack_strips_across(b, p, k, j, count, panels, spare);
    return;
  }
  const uint8_t *from =
      (const uint8_t *)b.w.bytes + p * row_bytes + svk_bytes_of(format, b.first + j);
  for (int64_t q = 0; q < k; q++, from += row_bytes) {
    const float *values = (const float *)from;
    if (format != svk_format_f32()) {
      format->decode(from, count, spare);
      values = spare;
    }
    for (int64_t done = 0; done < count; done += SVK_PANEL) {
      float *target = panels + done / SVK_PANEL * step + q * SVK_PANEL;
      int64_t n = count - done < SVK_PANEL ? count - done : SVK_PANEL;
      if (n == SVK_PANEL) {
        memcpy(target, values + done, SVK_PANEL * sizeof(float)); /* in line: its size is known */
        continue;
      }
      memcpy(target, values + done, (size_t)n * sizeof(float));
      memset(target + n, 0, (size_t)(SVK_PANEL - n) * sizeof(float));
    }
  }
}

/* Copies rows i..<i+rows, columns p..<p+k of A in the order they lie; returns whether across. */
static int copy_tile(svk_matrix a, int64_t i, int rows, int64_t p, int64_t k, float *tile) {
  const float *from = a.a + i * a.row_stride + p * a.column_stride;
  if (a.column_stride == 1) {
    for (int r = 0; r < rows; r++) {
      memcpy(tile + r * SVK_TILE_LENGTH, from + r * a.row_stride, (size_t)k * sizeof(float));
    }
    return 0;
  }
  for (int64_t q = 0; q < k && a.row_stride == 1; q++) {
    memcpy(tile + q * SVK_TILE_WIDTH, from + q * a.column_stride, (size_t)rows * sizeof(float));
  }
  for (int64_t q = 0; q < k && a.row_stride != 1; q++) {
    for (int r = 0; r < rows; r++) {
      tile[q * SVK_TILE_WIDTH + r] = from[r * a.row_stride + q * a.column_stride];
    }
  }
  return 1;
}

/* One tile of rows against all panels of a block; the last panel may stick out of C. */
static void multiply_tile(microkernel micro, int rows, int across, const float *tile, int64_t k,
                          const float *panels, int64_t count, float *c, int64_t ldc,
                          svk_update update) {
  for (int64_t j = 0; j < count; j += SVK_PANEL) {
    const float *panel = panels + j * k;
    int64_t n = count - j;
    if (n >= SVK_PANEL) {
      micro(rows, across, tile, k, panel, c + j, ldc, update);
      continue;
    }
    float edge[SVK_TILE * SVK_PANEL] = {0};
    for (int r = 0; r < rows && update.accumulate; r++) {
      memcpy(edge + r * SVK_PANEL, c + r * ldc + j, (size_t)n * sizeof(float));
    }
    micro(rows, across, tile, k, panel, edge, SVK_PANEL, update);
    for (int r = 0; r < rows; r++) {
      memcpy(c + r * ldc + j, edge + r * SVK_PANEL, (size_t)n * sizeof(float));
    }
  }
}

void svk_gemm(int64_t m, int64_t n, int64_t k, svk_matrix a, svk_panel_source b, float *c,
              int64_t ldc, svk_update update, void *scratch) {
  float *panels = scratch;
  float *tile = panels + SVK_WIDTH * SVK_INNER;
  float *spare = tile + SVK_TILE_WIDTH * SVK_TILE_LENGTH;
  microkernel micro = SVK_PICK(gemm_tile);
  for (int64_t i = 0; i < m && k == 0 && !update.accumulate; i++) {
    memset(c + i * ldc, 0, (size_t)n * sizeof(float));
  }
  for (int64_t j = 0; j < n; j += SVK_WIDTH) {
    int64_t width = n - j < SVK_WIDTH ? n - j : SVK_WIDTH;
    for (int64_t p = 0; p < k; p += SVK_INNER) {
      int64_t depth = k - p < SVK_INNER ? k - p : SVK_INNER;
      svk_update now = {update.alpha, p == 0 ? update.accumulate : 1};
      if (b.across) pack_across(b, p, depth, j, width, panels, spare);
      for (int64_t q = 0; q < width && !b.across; q += SVK_PANEL) {
        int64_t count = width - q < SVK_PANEL ? width - q : SVK_PANEL;
        pack_along(b, p, depth, j + q, count, panels + q * depth, spare);
      }
      for (int64_t i = 0; i < m; i += SVK_TILE) {
        int rows = (int)(m - i < SVK_TILE ? m - i : SVK_TILE);
        int across = copy_tile(a, i, rows, p, depth, tile);
        multiply_tile(micro, rows, across, tile, depth, panels, width, c + i * ldc + j, ldc, now);
      }
    }
  }
}

int64_t svk_scratch_bytes(int64_t inner) {
  int64_t fixed = SVK_WIDTH * SVK_INNER + SVK_TILE_WIDTH * SVK_TILE_LENGTH +
                  SVK_PANEL * SVK_TILE_LENGTH;
  /* Few tokens: one decoded row. Integer products: a panel of 16 rows and one more unpacked. */
  return fixed * (int64_t)sizeof(float) + 24 * inner + 4096;
}
