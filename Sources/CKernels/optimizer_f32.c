/* Optimiser steps in one pass over memory: AdamW (Loshchilov and Hutter 2019: decoupled decay, bias
 * corrections 1 - beta^t computed in double by the caller) and SGD with momentum. */
#include <math.h>

#include "cpu.h"
#include "kernels.h"

SVK_INLINE void adamw_update_body(svk_adamw s, float *x, const float *g, float *m, float *v,
                                  int64_t count) {
  float step = (float)((double)s.rate / s.correction1);
  float root = (float)(1 / sqrt(s.correction2));
  float keep = 1 - s.rate * s.decay;
  for (int64_t i = 0; i < count; i++) {
    float first = s.beta1 * m[i] + (1 - s.beta1) * g[i];
    float second = s.beta2 * v[i] + (1 - s.beta2) * g[i] * g[i];
    m[i] = first;
    v[i] = second;
    x[i] = keep * x[i] - step * first / (__builtin_elementwise_sqrt(second) * root + s.epsilon);
  }
}
SVK_KERNEL(void, adamw_update,
           (svk_adamw settings, float *x, const float *g, float *m, float *v, int64_t count),
           (settings, x, g, m, v, count))

SVK_INLINE void momentum_body(float rate, float momentum, float decay, float *x, const float *g,
                              float *m, int64_t count) {
  for (int64_t i = 0; i < count; i++) {
    float direction = momentum * m[i] + g[i] + decay * x[i];
    m[i] = direction;
    x[i] -= rate * direction;
  }
}
SVK_KERNEL(void, momentum,
           (float rate, float momentum, float decay, float *x, const float *g, float *m,
            int64_t count),
           (rate, momentum, decay, x, g, m, count))

SVK_INLINE void descend_body(float rate, float decay, float *x, const float *g, int64_t count) {
  for (int64_t i = 0; i < count; i++) x[i] -= rate * (g[i] + decay * x[i]);
}
SVK_KERNEL(void, descend,
           (float rate, float decay, float *x, const float *g, int64_t count),
           (rate, decay, x, g, count))

void svk_sgd_update(float rate, float momentum, float decay, float *x, const float *g, float *m,
                    int64_t count) {
  if (m) svk_momentum(rate, momentum, decay, x, g, m, count);
  else svk_descend(rate, decay, x, g, count);
}
