/* Rotary position embedding (Su et al., 2021) of one row: the pairs of every head are turned by the
 * row's angles, (a, b) -> (a cos - b sin, a sin + b cos); columns beyond the pairs stay. Pairs lie
 * half a head's turned part apart (Hugging Face) or side by side (GGUF's Llama). */
#include "cpu.h"
#include "kernels.h"

SVK_INLINE void turn_head(const svk_rotation *r, const int64_t next, const int64_t partner,
                          const float *x, float *y) {
  const float *cosines = r->angles, *sines = r->angles + r->pairs;
  float sign = r->sign;
  if (r->accumulate) {
    SVK_ELEMENTWISE
    for (int64_t i = 0; i < r->pairs; i++) {
      float a = x[i * next], b = x[i * next + partner], sine = sign * sines[i];
      y[i * next] += a * cosines[i] - b * sine;
      y[i * next + partner] += a * sine + b * cosines[i];
    }
    for (int64_t i = 2 * r->pairs; i < r->width; i++) y[i] += x[i];
    return;
  }
  SVK_ELEMENTWISE
  for (int64_t i = 0; i < r->pairs; i++) {
    float a = x[i * next], b = x[i * next + partner], sine = sign * sines[i];
    y[i * next] = a * cosines[i] - b * sine;
    y[i * next + partner] = a * sine + b * cosines[i];
  }
  for (int64_t i = 2 * r->pairs; i < r->width; i++) y[i] = x[i];
}

SVK_INLINE void rotate_body(const svk_rotation *r, const float *x, float *y) {
  for (int64_t head = 0; head < r->heads; head++, x += r->width, y += r->width) {
    if (r->adjacent) turn_head(r, 2, 1, x, y);
    else turn_head(r, 1, r->pairs, x, y);
  }
}
SVK_KERNEL(void, rotate, (const svk_rotation *r, const float *x, float *y), (r, x, y))
