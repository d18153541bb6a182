/* F16: IEEE 754 binary16: sign, 5 bits of exponent, 10 of mantissa, little-endian. */
#include "format.h"
#include "half.h"

SVK_INLINE void decode_f16_body(const void *source, int64_t count, float *target) {
  const uint16_t *codes = source;
  for (int64_t i = 0; i < count; i++) target[i] = float_of_f16(codes[i]);
}
SVK_KERNEL(void, decode_f16, (const void *source, int64_t count, float *target),
           (source, count, target))

SVK_INLINE void encode_f16_body(const float *source, int64_t count, void *target) {
  uint16_t *codes = target;
  for (int64_t i = 0; i < count; i++) codes[i] = f16_of_float(source[i]);
}
SVK_KERNEL(void, encode_f16, (const float *source, int64_t count, void *target),
           (source, count, target))

const svk_format *svk_format_f16(void) {
  static const svk_format format = {1, 2, svk_decode_f16, svk_encode_f16, NULL, NULL};
  return &format;
}
