/* Products of every format with matrices, and with the sparse one between singular factors. What
 * plain formats hold follows from a sequence of numbers; blocks of quantised ones are any bytes
 * that are finite scales, because formats that are only read have no encoder. */
#include <stdlib.h>
#include <string.h>

#include "cpu.h"
#include "kernels.h"
#include "measure.h"

enum { INPUTS = 512, SPARSE_HALF_BAND = 8 };

typedef struct {
  svk_weights w;
  int64_t tokens;
  float *x, *y; /* [tokens, columns], [tokens, rows] */
  void *rounded, *scratch;
} product;

static void forward(void *subject) {
  product *p = subject;
  svk_matrix x = {p->x, p->w.columns, 1, 0};
  svk_product(p->w, 0, p->w.rows, x, p->tokens, p->y, p->w.rows, (svk_update){1, 0}, p->scratch);
}

static void backward(void *subject) {
  product *p = subject;
  svk_transposed_product(p->w, 0, p->w.columns, p->y, p->w.rows, p->tokens, p->x, p->w.columns,
                         (svk_update){1, 0}, p->scratch);
}

static void outer(void *subject) {
  product *p = subject;
  svk_matrix g = {p->y, 1, p->w.rows, 0}, x = {p->x, p->w.columns, 1, 0};
  svk_gemm_f32(p->w.rows, p->w.columns, p->tokens, g, x, (float *)(uintptr_t)p->w.bytes,
               p->w.columns, (svk_update){1, 0}, p->w.rounds, p->scratch);
}

static void integers(void *subject) {
  product *p = subject;
  svk_integer_product(p->w, 0, p->w.rows, p->rounded, p->tokens, p->y, p->w.rows, p->scratch);
}

#define NAMED(name, type) {#name, svk_format_##name},
static const struct {
  const char *name;
  const svk_format *(*format)(void);
} FORMATS[] = {SVK_FORMATS(NAMED)};
static const int64_t TOKENS[] = {1, 4, 12, 128, 512};

static void round_tokens(product p) {
  int64_t width = svk_tile_tokens(p.w, p.tokens);
  int64_t bytes = svk_quantized_row_bytes(p.w.columns);
  for (int64_t t = 0; t < p.tokens; t += width) {
    int64_t count = p.tokens - t < width ? p.tokens - t : width;
    svk_quantize_tile(p.x + t * p.w.columns, p.w.columns, count, 0, p.w.columns,
                      (uint8_t *)p.rounded + t * bytes);
  }
}

/* What a matrix holds, see above. */
static void fill(svk_weights w, int64_t bytes, uint8_t *rows) {
  if (svk_block_length(w.format) > 1) {
    for (int64_t i = 0; i < bytes; i++) rows[i] = (uint8_t)(i * 2654435761u >> 7) & 0x7b;
    return;
  }
  float *row = block(w.columns * 4);
  for (int64_t i = 0; i < w.columns; i++) row[i] = (float)(i * 37 % 101) / 50 - 1;
  for (int64_t r = 0; r < w.rows; r++) {
    svk_encode(w.format, row, NULL, w.columns, rows + r * (bytes / w.rows));
  }
  free(row);
}

static void measure_tokens(const char *name, product p, int64_t bytes) {
  int in_bf16 = svk_isa() >= SVK_AVX512BF16 && p.w.format != svk_format_f32() &&
                p.w.format != svk_format_f16();
  effort effort = {2.0 * (double)(p.tokens * p.w.rows * p.w.columns),
                   (double)bytes + 4.0 * (double)(p.tokens * (p.w.rows + p.w.columns))};
  report("y = W x", name, p.tokens, effort, (task){forward, &p});
  report("dx = W' g", name, p.tokens, effort, (task){backward, &p});
  if (in_bf16) {
    p.w.rounds = 1;
    report("y = W x, BF16", name, p.tokens, effort, (task){forward, &p});
    report("dx = W' g, BF16", name, p.tokens, effort, (task){backward, &p});
    p.w.rounds = 0;
  }
  if (p.w.format == svk_format_f32()) {
    report("dW = g x'", name, p.tokens, effort, (task){outer, &p});
  }
  if (svk_takes_integers(p.w.format)) {
    round_tokens(p);
    report("y = W x, int8", name, p.tokens, effort, (task){integers, &p});
  }
}

static void measure_format(const char *name, product p, int64_t most) {
  int64_t bytes = p.w.rows * p.w.columns / svk_block_length(p.w.format) *
                  svk_block_bytes(p.w.format);
  void *rows = block(bytes), *strips = NULL;
  fill(p.w, bytes, rows);
  p.w.bytes = rows;
  if (svk_has_strips(p.w.format)) {
    strips = block(bytes);
    svk_pack_strips(p.w, 0, p.w.rows, strips);
    p.w.bytes = strips;
    p.w.arrangement = SVK_STRIPS;
  }
  for (size_t i = 0; i < sizeof TOKENS / sizeof *TOKENS && TOKENS[i] <= most; i++) {
    p.tokens = TOKENS[i];
    measure_tokens(name, p, bytes);
  }
  free(rows);
  free(strips);
}

typedef struct {
  svk_sparse m;
  float *x, *y, *scratch;
} sparse;

static void sparse_forward(void *subject) {
  sparse *s = subject;
  svk_sparse_product(s->m, 0, s->x, INPUTS, s->y, (svk_update){1, 0}, s->scratch);
}

/* A banded M of the matrix's smaller side. */
static void measure_sparse(int64_t order, float *x, float *y) {
  int64_t most = order * (2 * SPARSE_HALF_BAND + 1), count = 0;
  int64_t *starts = block((order + 1) * 8);
  int32_t *columns = block(most * 4);
  float *values = block(most * 4), *scratch = block(order * 32 * 4);
  for (int64_t i = 0; i < order; i++) {
    starts[i] = count;
    for (int64_t j = i - SPARSE_HALF_BAND; j <= i + SPARSE_HALF_BAND; j++) {
      if (j >= 0 && j < order) columns[count++] = (int32_t)j;
    }
  }
  starts[order] = count;
  sparse subject = {{order, starts, columns, values}, x, y, scratch};
  effort effort = {2.0 * (double)(INPUTS * count), 8.0 * (double)(INPUTS * order)};
  report("y = M x, banded d=8", "f32", INPUTS, effort, (task){sparse_forward, &subject});
  free(starts);
  free(columns);
  free(values);
  free(scratch);
}

void measure_products(int64_t rows, int64_t columns, int64_t most) {
  int64_t longest = rows > columns ? rows : columns;
  columns = columns / 256 * 256; /* whole blocks */
  most = most < INPUTS ? most : INPUTS;
  product p = {.w = {.rows = rows, .columns = columns},
               .x = block(INPUTS * columns * 4),
               .y = block(INPUTS * rows * 4),
               .rounded = block(INPUTS * svk_quantized_row_bytes(columns)),
               .scratch = block(svk_scratch_bytes(longest))};
  for (size_t f = 0; f < sizeof FORMATS / sizeof *FORMATS; f++) {
    p.w.format = FORMATS[f].format();
    for (int64_t i = 0; i < INPUTS * columns; i++) p.x[i] = (float)(i * 37 % 101) / 50 - 1;
    measure_format(FORMATS[f].name, p, most);
  }
  if (most == INPUTS) measure_sparse(rows < columns ? rows : columns, p.x, p.y);
  void *all[] = {p.x, p.y, p.rounded, p.scratch};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) free(all[i]);
}
