/* Attention over cached rows in any format: entries of the kernels that head_rows.h makes for each,
 * and decoding for products with many queries. */
#include "format.h"

void svk_head_scores(svk_head keys, const float *q, int64_t ldq, int64_t queries, float scale,
                     float *scores, int64_t lds) {
  keys.format->head_scores(keys, q, ldq, queries, scale, scores, lds);
}

void svk_head_mix(svk_head values, const float *weights, int64_t ldw, int64_t queries, float *out,
                  int64_t ldo, int accumulate) {
  values.format->head_mix(values, weights, ldw, queries, out, ldo, accumulate);
}

void svk_head_decode(svk_head head, float *target) {
  const uint8_t *row = head.bytes;
  for (int64_t j = 0; j < head.rows; j++, row += head.row_bytes, target += head.width) {
    head.format->decode(row, head.width, target);
  }
}
