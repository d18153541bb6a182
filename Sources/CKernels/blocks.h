/* Formats of blocks by one description each: a function that unpacks a block into int8 codes with a
 * scale and a min per 16 values, value = scale * code - min. In every format here the product is
 * exact in F32, so that decoding rounds once, wherever it is done. */
#ifndef SVK_BLOCKS_H
#define SVK_BLOCKS_H

#include <math.h>

#include "format.h"
#include "half.h"
#include "lanes.h"

SVK_INLINE float half_at(const uint8_t *place) {
  uint16_t code;
  memcpy(&code, place, 2);
  return float_of_f16(code);
}

SVK_INLINE void put_half(uint8_t *place, float value) {
  uint16_t code = f16_of_float(value);
  memcpy(place, &code, 2);
}

/* What a scale becomes in a file. */
SVK_INLINE float through_half(float value) { return float_of_f16(f16_of_float(value)); }

SVK_INLINE void load_bytes(const void *from, svk_byte_lanes *bytes) { memcpy(bytes, from, 16); }
SVK_INLINE void store_bytes(const svk_byte_lanes *bytes, void *to) { memcpy(to, bytes, 16); }

/* Codes of 16 values, two a byte: values j and j + 16 share byte j. */
SVK_INLINE void halves_at(const uint8_t *place, svk_byte_lanes *low, svk_byte_lanes *high) {
  svk_byte_lanes both;
  load_bytes(place, &both);
  *low = both & 15;
  *high = (both >> 4) & 15;
}

/* `value` where bit i of 16 is set, else 0. */
SVK_INLINE void spread_bits(uint32_t bits, int8_t value, svk_byte_lanes *lanes) {
  const svk_byte_lanes masks = {1, 2, 4, 8, 16, 32, 64, -128, 1, 2, 4, 8, 16, 32, 64, -128};
  uint64_t bytes[2] = {(bits & 255) * 0x0101010101010101u, (bits >> 8 & 255) * 0x0101010101010101u};
  svk_byte_lanes all;
  load_bytes(bytes, &all);
  all = __builtin_convertvector((all & masks) != 0, svk_byte_lanes);
  *lanes = all & value;
}

/* Unpacks one block: as many codes as it has values, and scales and mins per 16 of them. */
typedef void (*block_unpacker)(const uint8_t *block, int8_t *codes, float *scales, float *mins);

SVK_INLINE void decode_blocks(const void *source, int64_t count, float *target,
                              const int64_t length, const int64_t bytes, const int has_mins,
                              block_unpacker unpack) {
  const uint8_t *block = source;
  for (int64_t i = 0; i < count; i += length, block += bytes) {
    int8_t codes[SVK_LONGEST_BLOCK];
    float scales[SVK_LONGEST_BLOCK / SVK_GROUP], mins[SVK_LONGEST_BLOCK / SVK_GROUP];
    unpack(block, codes, scales, mins);
    for (int64_t g = 0; g < length / SVK_GROUP; g++) {
      svk_byte_lanes group;
      load_bytes(codes + g * SVK_GROUP, &group);
      svk_lanes values = __builtin_convertvector(group, svk_lanes);
      values *= scales[g];
      if (has_mins) values -= mins[g];
      memcpy(target + i + g * SVK_GROUP, &values, sizeof values);
    }
  }
}

/* svk_decode_<name> and svk_unpack_<name> for blocks of `length` values in `bytes` bytes. */
#define SVK_BLOCKS(name, length, bytes, has_mins, unpack_block)                                    \
  SVK_INLINE void decode_##name##_body(const void *source, int64_t count, float *target) {         \
    decode_blocks(source, count, target, length, bytes, has_mins, unpack_block);                   \
  }                                                                                                \
  SVK_KERNEL(void, decode_##name, (const void *source, int64_t count, float *target),              \
             (source, count, target))                                                              \
  SVK_INLINE void unpack_##name##_body(const void *source, int64_t count, int8_t *codes,           \
                                       float *scales, float *mins) {                               \
    const uint8_t *block = source;                                                                 \
    for (int64_t i = 0; i < count; i += (length), block += (bytes)) {                              \
      unpack_block(block, codes + i, scales + i / SVK_GROUP, mins + i / SVK_GROUP);                \
    }                                                                                              \
  }                                                                                                \
  SVK_KERNEL(void, unpack_##name,                                                                  \
             (const void *source, int64_t count, int8_t *codes, float *scales, float *mins),       \
             (source, count, codes, scales, mins))

/* The first fields of the table of such a format. */
#define SVK_BLOCK_FIELDS(name, length, bytes)                                                      \
  .block_length = (length), .block_bytes = (bytes), .decode = svk_decode_##name,                   \
  .unpack = svk_unpack_##name

/* value * inverse + offset, rounded once as by a fused multiply-add, cut to 0...most: with `offset`
 * half a step beyond the code of zero it is the nearest code. */
SVK_INLINE uint8_t code_of(float value, float inverse, float offset, int most) {
  float shifted = (float)((double)value * (double)inverse + (double)offset);
  return shifted >= (float)most ? (uint8_t)most : shifted > 0 ? (uint8_t)shifted : 0;
}

/* The value of largest magnitude, the first of several; NaN where one is. */
SVK_INLINE float extreme_of(const float *values, int count) {
  float largest = 0, extreme = 0;
  for (int j = 0; j < count; j++) {
    float magnitude = fabsf(values[j]);
    if (magnitude > largest || magnitude != magnitude) {
      largest = magnitude;
      extreme = values[j];
    }
    if (magnitude != magnitude) break;
  }
  return extreme;
}

#endif
