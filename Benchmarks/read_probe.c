/* How fast memory can be read: threads sum a block that no cache holds. Prints bytes per second.
 *
 *   read_probe THREADS MEBIBYTES
 *
 * The best of three passes after one that brings the pages in. */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

typedef uint64_t lanes __attribute__((vector_size(64)));

typedef struct {
  const lanes *from;
  size_t count;
  uint64_t sum;
} share;

static void *read_share(void *argument) {
  share *mine = argument;
  lanes sums[4] = {{0}};
  for (size_t i = 0; i + 4 <= mine->count; i += 4) {
    for (int j = 0; j < 4; j++) sums[j] ^= mine->from[i + j];
  }
  for (int j = 0; j < 4; j++) mine->sum ^= sums[j][0];
  return NULL;
}

static double seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

int main(int count, char **arguments) {
  int threads = count > 1 ? atoi(arguments[1]) : 1;
  size_t bytes = (size_t)(count > 2 ? atoi(arguments[2]) : 256) << 20;
  if (threads < 1 || threads > 64 || bytes == 0) return 2;
  lanes *block = aligned_alloc(1 << 21, bytes);
  if (!block) return 1;
  madvise(block, bytes, MADV_HUGEPAGE);
  memset(block, 1, bytes);
  double best = 0;
  uint64_t sum = 0;
  for (int pass = 0; pass < 4; pass++) {
    pthread_t ids[64];
    share shares[64];
    size_t each = bytes / sizeof(lanes) / (size_t)threads;
    double begin = seconds();
    for (int t = 0; t < threads; t++) {
      shares[t] = (share){block + each * (size_t)t, each, 0};
      if (pthread_create(&ids[t], NULL, read_share, &shares[t])) return 1;
    }
    for (int t = 0; t < threads; t++) {
      pthread_join(ids[t], NULL);
      sum ^= shares[t].sum;
    }
    double rate = (double)bytes / (seconds() - begin);
    if (pass > 0 && rate > best) best = rate;
  }
  printf("%.0f\n", best);
  return sum == 42 ? 3 : 0;
}
