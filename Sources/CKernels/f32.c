/* F32: values as they are. */
#include <string.h>

#include "format.h"

static void copy_values(const void *source, int64_t count, void *target) {
  memcpy(target, source, (size_t)count * sizeof(float));
}

static void decode_f32(const void *source, int64_t count, float *target) {
  copy_values(source, count, target);
}

static void encode_f32(const float *source, int64_t count, void *target) {
  copy_values(source, count, target);
}

const svk_format *svk_format_f32(void) {
  static const svk_format format = {1, 4, decode_f32, encode_f32, NULL, NULL, NULL};
  return &format;
}
