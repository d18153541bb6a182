/* F16: IEEE 754 binary16: sign, 5 bits of exponent, 10 of mantissa, little-endian.
 * Fast forms are in x86/f16.h. */
#include "format.h"
#include "half.h"

static void decode_f16__portable(const void *source, int64_t count, float *target) {
  const uint16_t *codes = source;
  for (int64_t i = 0; i < count; i++) target[i] = float_of_f16(codes[i]);
}

static void encode_f16__portable(const float *source, int64_t count, void *target) {
  uint16_t *codes = target;
  for (int64_t i = 0; i < count; i++) codes[i] = f16_of_float(source[i]);
}

#if SVK_X86
#include "x86/f16.h"
#endif

static void decode_f16(const void *source, int64_t count, float *target) {
  SVK_PICK(decode_f16)(source, count, target);
}

static void encode_f16(const float *source, int64_t count, void *target) {
  SVK_PICK(encode_f16)(source, count, target);
}

const svk_format *svk_format_f16(void) {
  static const svk_format format = {1, 2, decode_f16, encode_f16, NULL, NULL, NULL};
  return &format;
}
