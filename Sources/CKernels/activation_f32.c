/* Activations over arrays, forward and backward: each is its scalar form in a loop (elementary.h).
 *   silu = x s(x), s the sigmoid; gelu = x Phi(x), Phi = (1 + erf(x / sqrt 2)) / 2;
 *   gelu_tanh = x s(2 u), u = sqrt(2 / pi) (x + 0.044715 x^3), which is its tanh form rewritten;
 *   quick_gelu = x s(1.702 x); mish = x tanh(log(1 + e^x)). */
#include "cpu.h"
#include "elementary.h"
#include "kernels.h"

/* s (1 - s) as e / (1 + e)^2 with e = e^-|x|: 1 - s would lose all digits where s is near 1. */
SVK_INLINE float sigmoid_slope(float x) {
  float e = exp_f32(-fabsf(x)), q = 1.0f / (1.0f + e);
  return e * q * q;
}

/* x s and its slope s + x s (1 - s) d, for s of an argument whose slope is d, from one
 * exponential. */
SVK_INLINE float swish(float x, float argument, float d, float *slope) {
  float e = exp_f32(-fabsf(argument)), q = 1.0f / (1.0f + e), s = argument < 0.0f ? e * q : q;
  *slope = s + x * (e * q * q) * d;
  return x * s;
}

SVK_INLINE float tanh_slope(float x) {
  float y = tanh_f32(x);
  return 1.0f - y * y;
}

SVK_INLINE float relu_f32(float x) { return x < 0.0f ? 0.0f : x; }
SVK_INLINE float relu_slope(float x) { return x > 0.0f ? 1.0f : 0.0f; }

SVK_INLINE float silu_f32(float x) { return x * sigmoid_f32(x); }

SVK_INLINE float silu_both(float x, float *slope) { return swish(x, x, 1.0f, slope); }

SVK_INLINE float gelu_f32(float x) { return 0.5f * x * (1.0f + erf_f32(x * 0.707106781f)); }

SVK_INLINE float gelu_slope(float x) {
  float density = 0.398942280f * exp_f32(-0.5f * x * x);
  return 0.5f * (1.0f + erf_f32(x * 0.707106781f)) + x * density;
}

/* 2 sqrt(2 / pi) = 1.59576912, times 0.044715 = 0.0713548163. */
SVK_INLINE float gelu_tanh_f32(float x) {
  return x * sigmoid_f32(x * (1.59576912f + 0.0713548163f * x * x));
}

SVK_INLINE float gelu_tanh_both(float x, float *slope) {
  float argument = x * (1.59576912f + 0.0713548163f * x * x);
  return swish(x, argument, 1.59576912f + 0.214064449f * x * x, slope);
}

SVK_INLINE float quick_gelu_f32(float x) { return x * sigmoid_f32(1.702f * x); }

SVK_INLINE float quick_gelu_both(float x, float *slope) {
  return swish(x, 1.702f * x, 1.702f, slope);
}

SVK_INLINE float squared_relu_f32(float x) {
  float y = relu_f32(x);
  return y * y;
}
SVK_INLINE float squared_relu_slope(float x) { return 2.0f * relu_f32(x); }

/* With e = e^-|x|, tanh(log(1 + e^x)) = n / d: n = 1 + 2 e, d = n + 2 e^2 for x >= 0, else
 * n = e^2 + 2 e, d = n + 2. Its slope is 4 (1 + e) e^2 / d^2, or 4 (1 + e) e / d^2: nothing
 * overflows, and nothing is lost by subtraction. */
SVK_INLINE float mish_both(float x, float *slope) {
  float e = exp_f32(-fabsf(x)), square = e * e;
  float n = x < 0.0f ? square + 2.0f * e : 1.0f + 2.0f * e;
  float d = x < 0.0f ? n + 2.0f : n + 2.0f * square;
  float t = n / d, rise = 4.0f * (1.0f + e) * (x < 0.0f ? e : square) / (d * d);
  *slope = t + x * rise;
  return x * t;
}

SVK_INLINE float mish_f32(float x) {
  float slope;
  return mish_both(x, &slope);
}

SVK_INLINE void exp_body(const float *x, float shift, float *y, int64_t count) {
  SVK_ELEMENTWISE
  for (int64_t i = 0; i < count; i++) y[i] = exp_f32(x[i] - shift);
}
SVK_KERNEL(void, exp, (const float *x, float shift, float *y, int64_t count), (x, shift, y, count))

#define SLOPE(name)                                                                                \
  SVK_INLINE float name##_slope(float x) {                                                         \
    float slope;                                                                                   \
    name##_both(x, &slope);                                                                        \
    return slope;                                                                                  \
  }
SLOPE(silu)
SLOPE(gelu_tanh)
SLOPE(quick_gelu)
SLOPE(mish)

#define BOTH(name)                                                                                 \
  SVK_INLINE float name##_both(float x, float *slope) {                                            \
    *slope = name##_slope(x);                                                                      \
    return name##_f32(x);                                                                          \
  }
BOTH(sigmoid)
BOTH(tanh)
BOTH(relu)
BOTH(gelu)
BOTH(squared_relu)

#define FORWARD(name, function)                                                                    \
  SVK_INLINE void name##_body(const float *x, float *y, int64_t count) {                           \
    SVK_ELEMENTWISE                                                                                \
    for (int64_t i = 0; i < count; i++) y[i] = function(x[i]);                                     \
  }                                                                                                \
  SVK_KERNEL(void, name, (const float *x, float *y, int64_t count), (x, y, count))

#define BACKWARD(name, slope)                                                                      \
  SVK_INLINE void name##_body(const float *x, const float *dy, float *dx, int64_t count,           \
                              int accumulate) {                                                    \
    if (accumulate) {                                                                              \
      SVK_ELEMENTWISE                                                                              \
      for (int64_t i = 0; i < count; i++) dx[i] += dy[i] * slope(x[i]);                            \
    } else {                                                                                       \
      SVK_ELEMENTWISE                                                                              \
      for (int64_t i = 0; i < count; i++) dx[i] = dy[i] * slope(x[i]);                             \
    }                                                                                              \
  }                                                                                                \
  SVK_KERNEL(void, name,                                                                           \
             (const float *x, const float *dy, float *dx, int64_t count, int accumulate),          \
             (x, dy, dx, count, accumulate))

/* One pass over five arrays, which have left the caches since the way there. */
#define GATE(name, both)                                                                           \
  SVK_INLINE void name##_body(const svk_gate *g, int64_t count) {                                  \
    int adds_gate = g->adds_gate, adds_up = g->adds_up;                                            \
    SVK_ELEMENTWISE                                                                                \
    for (int64_t i = 0; i < count; i++) {                                                          \
      float slope, value = both(g->gate[i], &slope), dy = g->dy[i];                                \
      float dgate = dy * g->up[i] * slope, dup = dy * value;                                       \
      g->dgate[i] = adds_gate ? g->dgate[i] + dgate : dgate;                                       \
      g->dup[i] = adds_up ? g->dup[i] + dup : dup;                                                 \
    }                                                                                              \
  }                                                                                                \
  SVK_KERNEL(void, name, (const svk_gate *g, int64_t count), (g, count))

FORWARD(sigmoid, sigmoid_f32)
FORWARD(tanh, tanh_f32)
FORWARD(relu, relu_f32)
FORWARD(silu, silu_f32)
FORWARD(gelu, gelu_f32)
FORWARD(gelu_tanh, gelu_tanh_f32)
FORWARD(quick_gelu, quick_gelu_f32)
FORWARD(squared_relu, squared_relu_f32)
FORWARD(mish, mish_f32)
BACKWARD(sigmoid_backward, sigmoid_slope)
BACKWARD(tanh_backward, tanh_slope)
BACKWARD(relu_backward, relu_slope)
BACKWARD(silu_backward, silu_slope)
BACKWARD(gelu_backward, gelu_slope)
BACKWARD(gelu_tanh_backward, gelu_tanh_slope)
BACKWARD(quick_gelu_backward, quick_gelu_slope)
BACKWARD(squared_relu_backward, squared_relu_slope)
BACKWARD(mish_backward, mish_slope)
GATE(sigmoid_gate_backward, sigmoid_both)
GATE(tanh_gate_backward, tanh_both)
GATE(relu_gate_backward, relu_both)
GATE(silu_gate_backward, silu_both)
GATE(gelu_gate_backward, gelu_both)
GATE(gelu_tanh_gate_backward, gelu_tanh_both)
GATE(quick_gelu_gate_backward, quick_gelu_both)
GATE(squared_relu_gate_backward, squared_relu_both)
GATE(mish_gate_backward, mish_both)
