/* Products of attention with relative positions, laid along the diagonals of a block of scores: the
 * pair (i, j) has the place that belongs to its distance i - j, and distances may share one.
 *
 *   scores[i, j] += c[i, place(i - j)] + d[j, place(i - j)]            add
 *   c[i, p] += sum of s[i, j], d[j, p] += the same, over place(i - j) = p   gather back */
#include "cpu.h"
#include "kernels.h"

SVK_INLINE void skew_add_body(svk_skew s, const float *c, const float *d, float *scores,
                              int64_t lds) {
  for (int64_t i = 0; i < s.rows; i++) {
    const int32_t *place = s.places + i + s.columns - 1;
    float *row = scores + i * lds;
    const float *across = c ? c + i * s.stride : 0;
    if (across) {
      SVK_ELEMENTWISE
      for (int64_t j = 0; j < s.columns; j++) row[j] += across[place[-j]];
    }
    if (d) {
      SVK_ELEMENTWISE
      for (int64_t j = 0; j < s.columns; j++) row[j] += d[j * s.stride + place[-j]];
    }
  }
}
SVK_KERNEL(void, skew_add,
           (svk_skew s, const float *c, const float *d, float *scores, int64_t lds),
           (s, c, d, scores, lds))

void svk_skew_gather(svk_skew s, const float *scores, int64_t lds, float *c, float *d) {
  for (int64_t i = 0; i < s.rows; i++) {
    const int32_t *place = s.places + i + s.columns - 1;
    const float *row = scores + i * lds;
    if (c)
      for (int64_t j = 0; j < s.columns; j++) c[i * s.stride + place[-j]] += row[j];
    if (d)
      for (int64_t j = 0; j < s.columns; j++) d[j * s.stride + place[-j]] += row[j];
  }
}
