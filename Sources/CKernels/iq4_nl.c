/* IQ4_NL: blocks of 32 values in 18 bytes: F16 scale d, then 16 bytes with codes as in Q4_0;
 * value = d point[code] (code_points.h). */
#include "iq4.h"
#include "strips.h"

enum { LENGTH = 32, BYTES = 18 };

SVK_INLINE void unpack_block(const uint8_t *block, int8_t *codes, float *scales, float *mins) {
  (void)mins;
  scales[0] = scales[1] = half_at(block);
  unpack_points(block + 2, 16, svk_iq4_points, codes);
}
SVK_BLOCKS(iq4_nl, LENGTH, BYTES, 0, unpack_block)

SVK_INLINE void fit_one(const float *x, const float *importance, uint8_t *block) {
  fit_group group;
  signed_fit found;
  svk_lanes points[2];
  load_group(x, importance, 2, &group);
  fit_points(&group, &found);
  float d = through_half(found.scale);
  signed_codes(&group, 2, d, nearest_point, points);
  put_half(block, d);
  pack_points(points, block + 2);
}
SVK_FITS(iq4_nl, LENGTH, BYTES, 0, fit_one)

#if SVK_X86
#include "x86/iq4_nl.h"
#endif
SVK_STRIP_LAYOUT(iq4_nl, 4, SVK_LONE_BEFORE, 0, 0)

const svk_format *svk_format_iq4_nl(void) {
  static const svk_format format = {
      SVK_BLOCK_FIELDS(iq4_nl, LENGTH, BYTES), .fit = svk_fit_iq4_nl, .strips = &strips_iq4_nl};
  return &format;
}
