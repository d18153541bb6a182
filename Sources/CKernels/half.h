/* F16 and BF16 codes as plain integer arithmetic, without branches so that loops over them
 * vectorise. Encoding rounds to nearest, ties to even, subnormals included; NaN stays NaN
 * (quiet), as the processor's own instructions do it. */
#ifndef SVK_HALF_H
#define SVK_HALF_H

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "cpu.h"

SVK_INLINE float float_of_bits(uint32_t bits) {
  float value;
  memcpy(&value, &bits, 4);
  return value;
}

SVK_INLINE uint32_t bits_of_float(float value) {
  uint32_t bits;
  memcpy(&bits, &value, 4);
  return bits;
}

SVK_INLINE float float_of_f16(uint16_t code) {
  uint32_t sign = (uint32_t)(code & 0x8000u) << 16;
  uint32_t magnitude = (uint32_t)(code & 0x7fffu) << 13;
  uint32_t normal = magnitude + (112u << 23); /* exponent bias 127 - 15 */
  uint32_t special = magnitude | 0x7f800000u | ((code & 0x3ffu) ? 0x400000u : 0u);
  /* A subnormal is mantissa * 2^-24: let the FPU normalise 2^-14 * 1.m - 2^-14. */
  uint32_t small = bits_of_float(float_of_bits(magnitude + (113u << 23)) - 0x1p-14f);
  uint32_t result = magnitude >= 0x0f800000u ? special : normal;
  result = magnitude < 0x00800000u ? small : result;
  return float_of_bits(result | sign);
}

SVK_INLINE uint16_t f16_of_float(float value) {
  uint32_t bits = bits_of_float(value);
  uint32_t sign = (bits >> 16) & 0x8000u;
  uint32_t magnitude = bits & 0x7fffffffu;
  /* Rounding in place: half of the last kept bit minus one, plus one if that bit is odd. */
  uint32_t normal = (magnitude - (112u << 23) + 0xfffu + ((magnitude >> 13) & 1u)) >> 13;
  /* Below 2^-14: adding 0.5 leaves the code in the low mantissa bits, rounded by the FPU. */
  uint32_t small = bits_of_float(float_of_bits(magnitude) + 0.5f) - 0x3f000000u;
  uint32_t nan = 0x7e00u | ((magnitude >> 13) & 0x3ffu);
  uint32_t result = magnitude < 0x38800000u ? small : normal;
  result = magnitude >= 0x477ff000u ? 0x7c00u : result; /* 65520 and above round to infinity */
  result = magnitude > 0x7f800000u ? nan : result;
  return (uint16_t)(result | sign);
}

/* To nearest, halves away from zero, for int8 codes: with the largest float below 0.5 the sum
 * itself rounds up exactly from the halves on. NaN has no code and becomes 0. */
SVK_INLINE int32_t svk_round_code(float value) {
  return (int32_t)((value == value ? value : 0) + copysignf(0x1.fffffep-2f, value));
}

SVK_INLINE float float_of_bf16(uint16_t code) { return float_of_bits((uint32_t)code << 16); }

SVK_INLINE uint16_t bf16_of_float(float value) {
  uint32_t bits = bits_of_float(value);
  uint32_t rounded = (bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16;
  uint32_t nan = (bits >> 16) | 0x40u;
  return (uint16_t)((bits & 0x7fffffffu) > 0x7f800000u ? nan : rounded);
}

#endif
