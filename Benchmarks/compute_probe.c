/* How fast the processor multiplies and adds in floating point: threads repeat instructions on
 * registers, in BF16 with sums in F32 where it has them, else in F32. Prints operations per second.
 *
 *   compute_probe THREADS [f32]
 *
 * The best of five passes of some 20 ms. A multiply-add is two operations. */
#define _GNU_SOURCE
#include <immintrin.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Independent chains: more than latency times instructions a cycle. */
enum { CHAINS = 12, ROUNDS = 4000000 };

typedef double (*kernel)(int64_t rounds);

__attribute__((target("avx512f,avx512bf16"))) static double bf16(int64_t rounds) {
  __m512 sums[CHAINS];
  __m512i ones = _mm512_set1_epi16(0x3f80);
  for (int i = 0; i < CHAINS; i++) sums[i] = _mm512_set1_ps((float)i);
  for (int64_t r = 0; r < rounds; r++) {
    __asm__ volatile("" : "+v"(ones));
    for (int i = 0; i < CHAINS; i++) {
      sums[i] = _mm512_dpbf16_ps(sums[i], (__m512bh)ones, (__m512bh)ones);
    }
  }
  for (int i = 1; i < CHAINS; i++) sums[0] = _mm512_add_ps(sums[0], sums[i]);
  return _mm512_cvtss_f32(sums[0]);
}

__attribute__((target("avx512f"))) static double f32_512(int64_t rounds) {
  __m512 sums[CHAINS], one = _mm512_set1_ps(1);
  for (int i = 0; i < CHAINS; i++) sums[i] = _mm512_set1_ps((float)i);
  for (int64_t r = 0; r < rounds; r++) {
    __asm__ volatile("" : "+v"(one));
    for (int i = 0; i < CHAINS; i++) sums[i] = _mm512_fmadd_ps(one, one, sums[i]);
  }
  for (int i = 1; i < CHAINS; i++) sums[0] = _mm512_add_ps(sums[0], sums[i]);
  return _mm512_cvtss_f32(sums[0]);
}

__attribute__((target("avx2,fma"))) static double f32_256(int64_t rounds) {
  __m256 sums[CHAINS], one = _mm256_set1_ps(1);
  for (int i = 0; i < CHAINS; i++) sums[i] = _mm256_set1_ps((float)i);
  for (int64_t r = 0; r < rounds; r++) {
    __asm__ volatile("" : "+v"(one));
    for (int i = 0; i < CHAINS; i++) sums[i] = _mm256_fmadd_ps(one, one, sums[i]);
  }
  for (int i = 1; i < CHAINS; i++) sums[0] = _mm256_add_ps(sums[0], sums[i]);
  return _mm256_cvtss_f32(sums[0]);
}

static kernel chosen;
static double results[64];

static void *work(void *place) {
  *(double *)place = chosen(ROUNDS);
  return NULL;
}

static double seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

int main(int count, char **arguments) {
  const int threads = count > 1 ? atoi(arguments[1]) : 1;
  const int in_f32 = count > 2 && strcmp(arguments[2], "f32") == 0;
  if (threads < 1 || threads > 64) return 2;
  const int has_512 = __builtin_cpu_supports("avx512f");
  const int in_bf16 = !in_f32 && has_512 && __builtin_cpu_supports("avx512bf16");
  chosen = in_bf16 ? bf16 : has_512 ? f32_512 : f32_256;
  const double each = (double)ROUNDS * CHAINS * 2 * (in_bf16 ? 32 : has_512 ? 16 : 8);
  double best = 0;
  for (int pass = 0; pass < 5; pass++) {
    pthread_t ids[64];
    double begin = seconds();
    for (int t = 0; t < threads; t++) {
      if (pthread_create(&ids[t], NULL, work, &results[t])) return 1;
    }
    for (int t = 0; t < threads; t++) pthread_join(ids[t], NULL);
    double rate = each * threads / (seconds() - begin);
    if (rate > best) best = rate;
  }
  printf("%.0f\n", best);
  return 0;
}
