/* The products that attention is made of, for one head of 64 columns: blocks of 64 queries and 256
 * keys as prompts and training have them, and three queries that share the 2048 keys of a cache. */
#include <stdlib.h>

#include "cpu.h"
#include "kernels.h"
#include "measure.h"

enum { WIDTH = 64, QUERIES = 64, KEYS = 256, FEW = 3, CACHED_KEYS = 2048 };

typedef struct {
  svk_head keys;
  float *q, *k, *scores, *out;
  void *scratch;
  int rounds;
} head;

static void block_scores(void *subject) {
  head *h = subject;
  svk_matrix q = {h->q, WIDTH, 1, 0}, k = {h->k, 1, WIDTH, 0};
  svk_gemm_f32(QUERIES, KEYS, WIDTH, q, k, h->scores, KEYS, (svk_update){0.125f, 0}, h->rounds,
               h->scratch);
}

static void block_outputs(void *subject) {
  head *h = subject;
  svk_matrix p = {h->scores, KEYS, 1, 0}, v = {h->k, WIDTH, 1, 0};
  svk_gemm_f32(QUERIES, WIDTH, KEYS, p, v, h->out, WIDTH, (svk_update){1, 0}, h->rounds,
               h->scratch);
}

static void few_scores(void *subject) {
  head *h = subject;
  svk_head_scores(h->keys, h->q, WIDTH, FEW, 0.125f, h->scores, CACHED_KEYS);
}

static void few_outputs(void *subject) {
  head *h = subject;
  svk_head_mix(h->keys, h->scores, CACHED_KEYS, FEW, h->out, WIDTH, 0);
}

static void measure_blocks(head *h, const char *scores, const char *outputs) {
  effort effort = {2.0 * QUERIES * KEYS * WIDTH,
                   4.0 * (QUERIES * WIDTH + KEYS * WIDTH + QUERIES * KEYS)};
  report(scores, "f32", QUERIES, effort, (task){block_scores, h});
  report(outputs, "f32", QUERIES, effort, (task){block_outputs, h});
}

static void measure_cached(head *h, const char *name, const svk_format *format) {
  int64_t bytes = WIDTH / svk_block_length(format) * svk_block_bytes(format);
  uint8_t *rows = block(bytes * CACHED_KEYS);
  for (int64_t j = 0; j < CACHED_KEYS; j++) {
    svk_encode(format, h->k + j % KEYS * WIDTH, NULL, WIDTH, rows + j * bytes);
  }
  h->keys = (svk_head){format, rows, bytes, CACHED_KEYS, WIDTH};
  effort effort = {2.0 * FEW * CACHED_KEYS * WIDTH,
                   (double)(bytes * CACHED_KEYS) + 4.0 * FEW * (CACHED_KEYS + WIDTH)};
  report("scores of 3 queries", name, FEW, effort, (task){few_scores, h});
  report("outputs of 3 queries", name, FEW, effort, (task){few_outputs, h});
  free(rows);
}

void measure_heads(void) {
  head h = {.q = block(QUERIES * WIDTH * 4),
            .k = block(KEYS * WIDTH * 4),
            .scores = block((QUERIES * KEYS + FEW * CACHED_KEYS) * 4),
            .out = block(QUERIES * WIDTH * 4),
            .scratch = block(svk_scratch_bytes(KEYS))};
  for (int64_t i = 0; i < QUERIES * WIDTH; i++) h.q[i] = (float)(i * 53 % 103) / 51 - 1;
  for (int64_t i = 0; i < KEYS * WIDTH; i++) h.k[i] = (float)(i * 37 % 101) / 50 - 1;
  measure_blocks(&h, "scores of 64 queries", "outputs of 64 queries");
  if (svk_isa() >= SVK_AVX512BF16) {
    h.rounds = 1;
    measure_blocks(&h, "scores of 64 queries, BF16", "outputs of 64 queries, BF16");
  }
  measure_cached(&h, "f32", svk_format_f32());
  measure_cached(&h, "f16", svk_format_f16());
  measure_cached(&h, "q8_0", svk_format_q8_0());
  void *all[] = {h.q, h.k, h.scores, h.out, h.scratch};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) free(all[i]);
}
