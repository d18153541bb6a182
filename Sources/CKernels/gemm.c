/* One loop nest for every dense product, after Goto and van de Geijn (2008): rows of A are copied
 * in tiles of 12, columns of B packed into panels of 32, decoded on the way. A panel stays in the
 * first cache while all tiles pass from the second, through a microkernel that keeps 12 x 32 sums
 * in registers.
 *
 * Every element of C is the same chain of fused multiply-adds over p, 256 steps at a time, wherever
 * it lies in a tile: splitting rows or columns over threads changes no bit. Here is the F32
 * arithmetic too, its microkernels' fast forms in x86/gemm.h; BF16 is in gemm_bf16.c. */
#include "gemm.h"

#include <string.h>

#include "square.h"
#include "strips.h"
#include "thin_gemm.h"

static void gemm_tile__portable(int rows, int columns, const float *tile, int64_t steps,
                                const float *panel, float *c, int64_t ldc, svk_update update) {
  (void)columns;
  for (int i = 0; i < rows; i++) {
    float sums[SVK_PANEL] = {0};
    for (int64_t p = 0; p < steps; p++) {
      float value = tile[p * rows + i];
      for (int j = 0; j < SVK_PANEL; j++) sums[j] += value * panel[p * SVK_PANEL + j];
    }
    for (int j = 0; j < SVK_PANEL; j++) {
      float old = update.accumulate ? c[i * ldc + j] : 0;
      c[i * ldc + j] = old + update.alpha * sums[j];
    }
  }
}

/* panel[p * 32 + r] = rows[r * stride + p]; rows beyond `count` become zeros. */
SVK_INLINE void turn_columns_body(const float *rows, int64_t stride, int64_t count, int64_t k,
                                  float *panel) {
  for (int64_t r = 0; r < SVK_PANEL; r += SVK_SQUARE) {
    turn_rows(rows + r * stride, stride, count - r, k, panel + r, SVK_PANEL);
  }
}
SVK_VARIANTS(void, turn_columns,
             (const float *rows, int64_t stride, int64_t count, int64_t k, float *panel),
             (rows, stride, count, k, panel))

#if SVK_X86
#include "x86/gemm.h"
#endif

/* The panel of columns j..<j+count (at most 32) and inner positions p..<p+k, from rows as they lie.
   */
static void pack_along(svk_panel_source b, int64_t p, int64_t k, int64_t j, int64_t count,
                       float *panel, float *spare) {
  const svk_format *format = b.w.format;
  int64_t row = b.first + j;
  if (b.w.arrangement == SVK_STRIPS) {
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
    SVK_PICK(turn_columns)((const float *)from, b.w.columns, count, k, panel);
    return;
  }
  for (int64_t r = 0; r < count; r++) {
    format->decode(from + r * row_bytes, k, spare + r * SVK_SPARE_LENGTH);
  }
  SVK_PICK(turn_columns)(spare, SVK_SPARE_LENGTH, count, k, panel);
}

/* The same from strips: a block of 16 rows comes as [32][16] and is turned round. */
static void pack_strips_across(svk_panel_source b, int64_t p, int64_t k, int64_t j, int64_t count,
                               float *panels, float *spare) {
  for (int64_t q = 0; q < k; q += SVK_STRIP) {
    svk_strip strip = svk_strip_at(b.w, p + q);
    for (int64_t done = 0; done < count; done += SVK_BLOCK) {
      float *target = panels + done / SVK_PANEL * (SVK_PANEL * k) + q * SVK_PANEL;
      svk_strip_decode(strip, (b.first + j + done) / SVK_BLOCK, 1, spare, SVK_STRIP);
      SVK_PICK(turn_columns)(spare, SVK_STRIP, SVK_PANEL, strip.rows, target);
    }
  }
}

/* All panels of columns j..<j+count (at most SVK_WIDTH), where a row of B is a row of the matrix.
   */
static void pack_across(svk_panel_source b, int64_t p, int64_t k, int64_t j, int64_t count,
                        float *panels, float *spare) {
  const svk_format *format = b.w.format;
  int64_t step = SVK_PANEL * k, row_bytes = svk_bytes_of(format, b.w.columns);
  if (b.w.arrangement == SVK_STRIPS) {
    pack_strips_across(b, p, k, j, count, panels, spare);
    return;
  }
  const uint8_t *from = (const uint8_t *)b.w.bytes + p * row_bytes;
  for (int64_t q = 0; q < k; q++, from += row_bytes) {
    const float *values = (const float *)from + b.first + j;
    if (format != svk_format_f32()) {
      values = svk_decode_part(format, from, b.first + j, count, spare);
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

/* tile[p * count + i] = A[i][p] for rows that lie along. */
SVK_INLINE void copy_along_body(const float *rows, int64_t stride, int64_t count, int64_t k,
                                float *tile) {
  turn_rows(rows, stride, count, k, tile, count);
}
SVK_VARIANTS(void, copy_along,
             (const float *rows, int64_t stride, int64_t count, int64_t k, float *tile),
             (rows, stride, count, k, tile))

/* The same for any strides. */
static void copy_across(svk_matrix a, int64_t count, int64_t k, float *tile) {
  for (int64_t p = 0; p < k; p++, tile += count, a.a += a.column_stride) {
    if (a.row_stride == 1 && count == SVK_TILE) {
      memcpy(tile, a.a, SVK_TILE * sizeof(float)); /* in line: its size is known */
      continue;
    }
    for (int64_t i = 0; i < count; i++) tile[i] = a.a[i * a.row_stride];
  }
}

static void copy_tile(svk_matrix a, int64_t rows, int64_t k, float *tile) {
  if (a.column_stride == 1) SVK_PICK(copy_along)(a.a, a.row_stride, rows, k, tile);
  else copy_across(a, rows, k, tile);
}

void svk_pack_panels_f32(svk_panel_source b, int64_t p, int64_t k, int64_t j, int64_t count,
                         float *panels, float *spare) {
  if (b.across) {
    pack_across(b, p, k, j, count, panels, spare);
    return;
  }
  for (int64_t q = 0; q < count; q += SVK_PANEL) {
    int64_t columns = count - q < SVK_PANEL ? count - q : SVK_PANEL;
    pack_along(b, p, k, j + q, columns, panels + q * k, spare);
  }
}

static svk_arithmetic arithmetic_for(svk_weights w) {
  (void)w;
#if SVK_X86
  if (svk_multiplies_bf16(w)) return svk_arithmetic_bf16();
#endif
  return (svk_arithmetic){1, copy_tile, svk_pack_panels_f32, SVK_PICK(gemm_tile)};
}

/* All tiles against one panel of `columns`; one narrower than 32 must not write beside C. */
static void multiply_panel(const svk_arithmetic *by, const float *tiles, int64_t rows,
                           int64_t steps, const float *panel, int64_t columns, float *c,
                           int64_t ldc, svk_update update) {
  for (int64_t i = 0; i < rows; i += SVK_TILE, tiles += SVK_TILE * steps, c += SVK_TILE * ldc) {
    int count = (int)(rows - i < SVK_TILE ? rows - i : SVK_TILE);
    if (columns >= SVK_PANEL) {
      by->multiply_tile(count, SVK_PANEL, tiles, steps, panel, c, ldc, update);
      continue;
    }
    float edge[SVK_TILE * SVK_PANEL] = {0};
    for (int r = 0; r < count && update.accumulate; r++) {
      memcpy(edge + r * SVK_PANEL, c + r * ldc, (size_t)columns * sizeof(float));
    }
    by->multiply_tile(count, (int)columns, tiles, steps, panel, edge, SVK_PANEL, update);
    for (int r = 0; r < count; r++) {
      memcpy(c + r * ldc, edge + r * SVK_PANEL, (size_t)columns * sizeof(float));
    }
  }
}

enum { PANELS = SVK_WIDTH * SVK_INNER, TILES = SVK_TILES * SVK_TILE * SVK_INNER + SVK_SQUARE };

/* Positions p..<p+k of some rows: first of A, as tiles, then times B. */
typedef struct {
  int64_t rows, p, k, steps;
} block;

static void copy_tiles(const svk_arithmetic *by, block at, svk_matrix a, float *tiles) {
  for (int64_t i = 0; i < at.rows; i += SVK_TILE, tiles += SVK_TILE * at.steps) {
    int64_t count = at.rows - i < SVK_TILE ? at.rows - i : SVK_TILE;
    by->copy_tile(a, count, at.k, tiles);
    a.a += SVK_TILE * a.row_stride;
  }
}

/* The tiles of rows i… of A: copied into `room`, or where they lie. The tiles of one stretch of
 * inner positions lie one after the other, `steps` floats for each row. */
static const float *tiles_at(const svk_arithmetic *by, block at, int64_t i, int64_t m,
                             svk_matrix a, float *room) {
  if (a.in_tiles) return a.a + at.p / by->positions * m + i * at.steps;
  a.a += i * a.row_stride + at.p * a.column_stride;
  copy_tiles(by, at, a, room);
  return room;
}

static void multiply_block(const svk_arithmetic *by, block at, const float *tiles, int64_t n,
                           svk_panel_source b, float *c, int64_t ldc, svk_update update,
                           float *scratch) {
  float *panels = scratch, *spare = panels + PANELS + TILES;
  for (int64_t j = 0; j < n; j += SVK_WIDTH) {
    int64_t width = n - j < SVK_WIDTH ? n - j : SVK_WIDTH;
    by->pack_panels(b, at.p, at.k, j, width, panels, spare);
    for (int64_t q = 0; q < width; q += SVK_PANEL) {
      multiply_panel(by, tiles, at.rows, at.steps, panels + q * at.steps, width - q, c + j + q,
                     ldc, update);
    }
  }
}

void svk_gemm(int64_t m, int64_t n, int64_t k, svk_matrix a, svk_panel_source b, float *c,
              int64_t ldc, svk_update update, void *scratch) {
  const svk_arithmetic by = arithmetic_for(b.w);
  const int64_t most = SVK_TILES * SVK_TILE, inner = SVK_INNER * by.positions;
  for (int64_t i = 0; i < m && k == 0 && !update.accumulate; i++) {
    memset(c + i * ldc, 0, (size_t)n * sizeof(float));
  }
  if (by.positions == 1 && svk_thin_gemm(m, n, k, a, b, c, ldc, update, scratch)) return;
  for (int64_t p = 0; p < k; p += inner) {
    int64_t depth = k - p < inner ? k - p : inner;
    svk_update now = {update.alpha, p == 0 ? update.accumulate : 1};
    for (int64_t i = 0; i < m; i += most) {
      block at = {m - i < most ? m - i : most, p, depth,
                  (depth + by.positions - 1) / by.positions};
      const float *tiles = tiles_at(&by, at, i, m, a, (float *)scratch + PANELS);
      multiply_block(&by, at, tiles, n, b, c + i * ldc, ldc, now, scratch);
    }
  }
}

int64_t svk_gemm_scratch_bytes(void) {
  return (PANELS + TILES + SVK_PANEL * SVK_SPARE_LENGTH) * (int64_t)sizeof(float);
}
