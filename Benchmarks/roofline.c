/* What each kernel reaches on one core, beside what the core can do.
 *
 *   roofline ROWS COLUMNS MILLISECONDS
 *
 * Built from Sources/CKernels itself (roofline.py does it). Prints one JSON object a line: limits
 * ({"limit", "set", "rate"}) and kernels ({"kernel", "format", "set", "tokens", "operations",
 * "bytes", "seconds"}), where bytes are those of the matrix and of what goes in and out, once.
 * Seconds are the median of nine samples, by the thread's own clock. */
#include <immintrin.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cpu.h"
#include "kernels.h"

enum { SAMPLES = 9, CHAINS = 12, INPUTS = 512, SPARSE_HALF_BAND = 8 };

static double sample_seconds;

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static int by_size(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* Something to measure: `run` does it once. */
typedef struct {
  void (*run)(void *subject);
  void *subject;
} task;

/* Median seconds of one run. */
static double median_seconds(task task) {
  double samples[SAMPLES];
  task.run(task.subject);
  for (int s = 0; s < SAMPLES; s++) {
    double begin = now(), spent = 0;
    int64_t runs = 0;
    for (; spent < sample_seconds; runs++, spent = now() - begin) task.run(task.subject);
    samples[s] = spent / (double)runs;
  }
  qsort(samples, SAMPLES, sizeof *samples, by_size);
  return samples[SAMPLES / 2];
}

/* ---- Limits: chains of the instruction that does the work, all in registers. */
enum { TURNS = 20000 };
static volatile float sink;

SVK_TARGET_AVX512 static void fma_512(void *unused) {
  __m512 sums[CHAINS], half = _mm512_set1_ps(0.5f), one = _mm512_set1_ps(1);
  (void)unused;
  for (int i = 0; i < CHAINS; i++) sums[i] = one;
  for (int turn = 0; turn < TURNS; turn++) {
#pragma clang loop unroll(full)
    for (int i = 0; i < CHAINS; i++) sums[i] = _mm512_fmadd_ps(sums[i], half, one);
  }
  for (int i = 1; i < CHAINS; i++) sums[0] = _mm512_add_ps(sums[0], sums[i]);
  sink = _mm512_reduce_add_ps(sums[0]);
}

SVK_TARGET_AVX2 static void fma_256(void *unused) {
  __m256 sums[CHAINS], half = _mm256_set1_ps(0.5f), one = _mm256_set1_ps(1);
  (void)unused;
  for (int i = 0; i < CHAINS; i++) sums[i] = one;
  for (int turn = 0; turn < TURNS; turn++) {
#pragma clang loop unroll(full)
    for (int i = 0; i < CHAINS; i++) sums[i] = _mm256_fmadd_ps(sums[i], half, one);
  }
  for (int i = 1; i < CHAINS; i++) sums[0] = _mm256_add_ps(sums[0], sums[i]);
  sink = _mm_cvtss_f32(_mm256_castps256_ps128(sums[0]));
}

SVK_TARGET_AVX512VNNI static void dots_512(void *unused) {
  __m512i sums[CHAINS], codes = _mm512_set1_epi8(3);
  (void)unused;
  for (int i = 0; i < CHAINS; i++) sums[i] = _mm512_set1_epi32(i);
  for (int turn = 0; turn < TURNS; turn++) {
#pragma clang loop unroll(full)
    for (int i = 0; i < CHAINS; i++) {
      sums[i] = _mm512_dpbusd_epi32(sums[i], codes, codes);
      __asm__ volatile("" : "+v"(sums[i])); /* or the compiler adds the constant up */
    }
  }
  for (int i = 1; i < CHAINS; i++) sums[0] = _mm512_add_epi32(sums[0], sums[i]);
  sink = (float)_mm512_reduce_add_epi32(sums[0]);
}

SVK_TARGET_AVX512BF16 static void bf16_512(void *unused) {
  __m512 sums[CHAINS];
  __m512i codes = _mm512_set1_epi32(0x3f003f00); /* halves */
  (void)unused;
  for (int i = 0; i < CHAINS; i++) sums[i] = _mm512_set1_ps((float)i);
  for (int turn = 0; turn < TURNS; turn++) {
#pragma clang loop unroll(full)
    for (int i = 0; i < CHAINS; i++) {
      sums[i] = _mm512_dpbf16_ps(sums[i], (__m512bh)codes, (__m512bh)codes);
    }
  }
  for (int i = 1; i < CHAINS; i++) sums[0] = _mm512_add_ps(sums[0], sums[i]);
  sink = _mm512_reduce_add_ps(sums[0]);
}

static void limit(const char *name, const char *set, void (*run)(void *), int operations) {
  double seconds = median_seconds((task){run, NULL});
  printf("{\"limit\": \"%s\", \"set\": \"%s\", \"rate\": %.6g}\n", name, set,
         (double)operations * CHAINS * TURNS / seconds);
}

static void limits(void) {
  int best = svk_isa_detected();
  if (best >= SVK_AVX512) limit("F32 multiply-adds", svk_isa_name(SVK_AVX512), fma_512, 32);
  if (best >= SVK_AVX2) limit("F32 multiply-adds", svk_isa_name(SVK_AVX2), fma_256, 16);
  if (best >= SVK_AVX512VNNI) limit("int8 dots", svk_isa_name(SVK_AVX512VNNI), dots_512, 128);
  if (best >= SVK_AVX512BF16 && !svk_spells_out_bf16()) {
    limit("BF16 dots", svk_isa_name(SVK_AVX512BF16), bf16_512, 64);
  }
}

/* ---- Kernels. */
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

static void report(const char *kernel, const char *format, int64_t tokens, double operations,
                   double bytes, task task) {
  printf("{\"kernel\": \"%s\", \"format\": \"%s\", \"set\": \"%s\", \"tokens\": %lld, "
         "\"operations\": %.6g, \"bytes\": %.6g, \"seconds\": %.6g}\n",
         kernel, format, svk_isa_name(svk_isa()), (long long)tokens, operations, bytes,
         median_seconds(task));
  fflush(stdout);
}

static void *block(int64_t bytes) {
  void *memory = aligned_alloc(4096, (size_t)(bytes + 4095) / 4096 * 4096);
  if (!memory) exit(1);
  memset(memory, 0, (size_t)(bytes + 4095) / 4096 * 4096);
  return memory;
}

static const struct {
  const char *name;
  const svk_format *(*format)(void);
} FORMATS[] = {{"F32", svk_format_f32},
               {"F16", svk_format_f16},
               {"BF16", svk_format_bf16},
               {"Q8_0", svk_format_q8_0},
               {"Q4_0", svk_format_q4_0},
               {"Q4_1", svk_format_q4_1},
               {"Q5_0", svk_format_q5_0},
               {"Q5_1", svk_format_q5_1},
               {"Q2_K", svk_format_q2_k},
               {"Q3_K", svk_format_q3_k},
               {"Q4_K", svk_format_q4_k},
               {"Q5_K", svk_format_q5_k},
               {"Q6_K", svk_format_q6_k},
               {"IQ4_NL", svk_format_iq4_nl},
               {"IQ4_XS", svk_format_iq4_xs},
               {"NF4", svk_format_nf4}};
static const int64_t TOKENS[] = {1, 4, 12, 32, 128, 512};

static void round_tokens(const float *x, product p) {
  int64_t width = svk_tile_tokens(p.w, p.tokens);
  int64_t bytes = svk_quantized_row_bytes(p.w.columns);
  for (int64_t t = 0; t < p.tokens; t += width) {
    int64_t count = p.tokens - t < width ? p.tokens - t : width;
    svk_quantize_tile(x + t * p.w.columns, p.w.columns, count, 0, p.w.columns,
                      (uint8_t *)p.rounded + t * bytes);
  }
}

static void measure_format(const char *name, product p, const float *values) {
  int64_t bytes = p.w.rows * p.w.columns / svk_block_length(p.w.format) *
                  svk_block_bytes(p.w.format);
  void *rows = block(bytes), *strips = block(bytes);
  svk_encode(p.w.format, values, NULL, p.w.rows * p.w.columns, rows);
  p.w.bytes = rows;
  if (svk_has_strips(p.w.format)) {
    svk_pack_strips(p.w, 0, p.w.rows, strips);
    p.w.bytes = strips;
    p.w.arrangement = SVK_STRIPS;
  }
  int in_bf16 = svk_isa() >= SVK_AVX512BF16 && p.w.format != svk_format_f32() &&
                p.w.format != svk_format_f16();
  for (size_t i = 0; i < sizeof TOKENS / sizeof *TOKENS; i++) {
    p.tokens = TOKENS[i];
    double operations = 2.0 * (double)(p.tokens * p.w.rows * p.w.columns);
    double all = (double)bytes + 4.0 * (double)(p.tokens * (p.w.rows + p.w.columns));
    report("y = W x", name, p.tokens, operations, all, (task){forward, &p});
    report("dx = W' g", name, p.tokens, operations, all, (task){backward, &p});
    if (in_bf16) {
      p.w.rounds = 1;
      report("y = W x, BF16", name, p.tokens, operations, all, (task){forward, &p});
      report("dx = W' g, BF16", name, p.tokens, operations, all, (task){backward, &p});
      p.w.rounds = 0;
    }
    if (p.w.format == svk_format_f32()) {
      report("dW = g x'", name, p.tokens, operations, all, (task){outer, &p});
    }
    if (svk_takes_integers(p.w.format)) {
      round_tokens(values, p);
      report("y = W x, int8", name, p.tokens, operations, all, (task){integers, &p});
    }
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
  report("y = M x, banded d=8", "F32", INPUTS, 2.0 * (double)(INPUTS * count),
         8.0 * (double)(INPUTS * order), (task){sparse_forward, &subject});
  free(starts);
  free(columns);
  free(values);
  free(scratch);
}

int main(int count, char **arguments) {
  int64_t rows = count > 1 ? atoll(arguments[1]) : 0, columns = count > 2 ? atoll(arguments[2]) : 0;
  sample_seconds = 1e-3 * (count > 3 ? atof(arguments[3]) : 0);
  if (rows < 32 || columns < 32 || columns % 256 || rows > 65536 || columns > 65536) return 2;
  float *values = block(rows * columns * 4);
  for (int64_t i = 0; i < rows * columns; i++) values[i] = (float)(i * 37 % 101) / 50 - 1;
  int64_t longest = rows > columns ? rows : columns;
  product p = {.w = {.rows = rows, .columns = columns},
               .x = block(INPUTS * columns * 4),
               .y = block(INPUTS * rows * 4),
               .rounded = block(INPUTS * svk_quantized_row_bytes(columns)),
               .scratch = block(svk_scratch_bytes(longest))};
  limits();
  for (int isa = 0; isa <= svk_isa_detected(); isa++) {
    svk_isa_override(isa);
    for (size_t f = 0; f < sizeof FORMATS / sizeof *FORMATS; f++) {
      p.w.format = FORMATS[f].format();
      p.w.arrangement = SVK_ROWS;
      measure_format(FORMATS[f].name, p, values);
    }
    measure_sparse(rows < columns ? rows : columns, p.x, p.y);
  }
  return 0;
}
