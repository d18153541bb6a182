/* Elementary functions as straight-line arithmetic, so that loops over them vectorise on every set.
 * The polynomials are least-maximum fits by reweighted least squares on Chebyshev points; the bound
 * beside each is that of the fit, measured accuracy stands in ActivationKernelsTests. */
#ifndef SVK_ELEMENTARY_H
#define SVK_ELEMENTARY_H

#include <math.h>

#include "half.h"

/* e^x: x = n ln 2 + r, |r| <= ln 2 / 2; e^r = 1 + r + r^2 P(r), relative 3e-9. Exact 0 below -104,
 * infinity above 88.73, NaN stays. 2^n is applied in two halves so that subnormal results come out.
 * */
SVK_INLINE float exp_f32(float x) {
  float bounded = x < -104.0f ? -104.0f : x;
  bounded = bounded > 89.0f ? 89.0f : bounded;
  float shifted = bounded * 1.44269504f + 12582912.0f; /* 1.5 * 2^23: rounds to an integer */
  float n = shifted - 12582912.0f;
  float r = bounded - n * 0.693145752f - n * 1.42860677e-6f; /* ln 2 in two parts */
  float p = 0.00138145984f;
  p = p * r + 0.00836871690f;
  p = p * r + 0.0416683881f;
  p = p * r + 0.166665206f;
  p = p * r + 0.499999934f;
  p = p * r * r + r + 1.0f;
  int32_t whole = (int32_t)(bits_of_float(shifted) - 0x4b400000u); /* bits of 1.5 * 2^23 */
  int32_t half = whole >> 1;
  float first = float_of_bits((uint32_t)(half + 127) << 23);
  float second = float_of_bits((uint32_t)(whole - half + 127) << 23);
  float result = p * first * second;
  return x < -104.0f ? 0.0f : result;
}

SVK_INLINE float sigmoid_f32(float x) { return 1.0f / (1.0f + exp_f32(-x)); }

/* tanh: x + x^3 P(x^2) for |x| < 0.625 (5e-9), else 1 - 2 / (e^2|x| + 1) with the sign of x. */
SVK_INLINE float tanh_f32(float x) {
  float s = x * x, magnitude = fabsf(x);
  float p = -0.00566078861f;
  p = p * s + 0.0206020073f;
  p = p * s - 0.0537292299f;
  p = p * s + 0.133313290f;
  p = p * s - 0.333332783f;
  float small = x + x * s * p;
  float large = copysignf(1.0f - 2.0f / (exp_f32(2.0f * magnitude) + 1.0f), x);
  return magnitude < 0.625f ? small : large;
}

/* erf: x P(x^2) for |x| < 1 (1.2e-9), else 1 - e^Q(|x|) with Q = log erfc (2e-11) and the sign
 * of x. */
SVK_INLINE float erf_f32(float x) {
  float magnitude = fabsf(x);
  float s = x * x, t = magnitude > 4.0f ? 4.0f : magnitude;
  float p = 7.88912269e-05f;
  p = p * s - 0.000802084222f;
  p = p * s + 0.00518953545f;
  p = p * s - 0.0268544446f;
  p = p * s + 0.112836002f;
  p = p * s - 0.376126271f;
  p = p * s + 1.12837917f;
  float q = -2.16867633e-05f;
  q = q * t + 0.000441335302f;
  q = q * t - 0.00420455627f;
  q = q * t + 0.0252082408f;
  q = q * t - 0.108418551f;
  q = q * t - 0.633219919f;
  q = q * t - 1.12957841f;
  q = q * t + 0.000188037053f;
  float large = copysignf(1.0f - exp_f32(q), x);
  return magnitude < 1.0f ? x * p : large;
}

#endif
