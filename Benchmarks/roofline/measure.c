/* See measure.h. */
#include "measure.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cpu.h"
#include "kernels.h"

enum { SAMPLES = 5, ALIGNMENT = 4096 };

double sample_seconds;

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static int by_size(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

double median_seconds(task task) {
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

const char *set_name(int isa) {
  static const char *const names[] = {"portable", "avx2", "avx512", "avx512vnni", "avx512bf16"};
  return names[isa];
}

void report(const char *kernel, const char *format, int64_t tokens, effort effort, task task) {
  printf("{\"kernel\": \"%s\", \"format\": \"%s\", \"set\": \"%s\", \"tokens\": %lld, "
         "\"operations\": %.6g, \"bytes\": %.6g, \"seconds\": %.6g}\n",
         kernel, format, set_name(svk_isa()), (long long)tokens, effort.operations,
         effort.bytes, median_seconds(task));
  fflush(stdout);
}

void *block(int64_t bytes) {
  size_t whole = (size_t)(bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
  void *memory = aligned_alloc(ALIGNMENT, whole);
  if (!memory) {
    fprintf(stderr, "expected memory for %lld bytes, found none\n", (long long)bytes);
    exit(1);
  }
  memset(memory, 0, whole);
  return memory;
}
