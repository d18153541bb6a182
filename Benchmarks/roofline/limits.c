/* What a core can do: chains of the instruction that does the work, all in registers, and copies
 * between blocks that lie in the second cache or in memory. */
#include <immintrin.h>
#include <stdio.h>
#include <stdlib.h>

#include "cpu.h"
#include "kernels.h"
#include "measure.h"

enum { CHAINS = 12, TURNS = 20000, CACHED = 1 << 18, FAR = 1 << 26 };
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

/* Two blocks and how many bytes of each. */
typedef struct {
  char *from, *to;
  int64_t bytes;
} copy;

SVK_TARGET_AVX512 static void copy_512(void *subject) {
  copy *c = subject;
  for (int64_t i = 0; i < c->bytes; i += 64) {
    _mm512_store_si512(c->to + i, _mm512_load_si512(c->from + i));
  }
}

SVK_TARGET_AVX2 static void copy_256(void *subject) {
  copy *c = subject;
  for (int64_t i = 0; i < c->bytes; i += 32) {
    _mm256_store_si256((__m256i *)(c->to + i), _mm256_load_si256((const __m256i *)(c->from + i)));
  }
}

static void limit(const char *name, int isa, task task, double each) {
  printf("{\"limit\": \"%s\", \"set\": \"%s\", \"rate\": %.6g}\n", name, set_name(isa),
         each / median_seconds(task));
  fflush(stdout);
}

/* Bytes read and written per second. */
static void copies(const char *name, int64_t bytes, int best) {
  copy c = {block(bytes), block(bytes), bytes};
  double moved = 2.0 * (double)bytes;
  if (best >= SVK_AVX2) limit(name, SVK_AVX2, (task){copy_256, &c}, moved);
  if (best >= SVK_AVX512) limit(name, SVK_AVX512, (task){copy_512, &c}, moved);
  free(c.from);
  free(c.to);
}

void measure_limits(void) {
  const double chains = (double)CHAINS * TURNS;
  int best = svk_isa_detected();
  if (best >= SVK_AVX512) limit("F32", SVK_AVX512, (task){fma_512, NULL}, 32 * chains);
  if (best >= SVK_AVX2) limit("F32", SVK_AVX2, (task){fma_256, NULL}, 16 * chains);
  if (best >= SVK_AVX512VNNI) limit("int8", SVK_AVX512VNNI, (task){dots_512, NULL}, 128 * chains);
  if (best >= SVK_AVX512BF16 && !svk_spells_out_bf16()) {
    limit("BF16", SVK_AVX512BF16, (task){bf16_512, NULL}, 64 * chains);
  }
  copies("copies in cache", CACHED, best);
  copies("copies in memory", FAR, best);
}
