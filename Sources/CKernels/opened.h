/* Opened strips: what prompts multiply with. In strips of most formats codes share bytes and scales
 * are in parts, so that each tile of tokens takes them apart again; where there are many, that is
 * done once, a few columns at a time, into memory that stays in the second cache.
 *
 * A part, 32 columns of 16 rows, is lines of 64 bytes:
 *
 *   8 of codes, four of each row    1 or 2 (of halves) of F32 scales    as many of mins, if any
 *
 * A code is that of its format where it has mins, else 128 more than the number it stands for. */
#ifndef SVK_OPENED_H
#define SVK_OPENED_H

#include "strips.h"

/* `strips` side by side, each of `parts`. */
typedef struct {
  const uint8_t *from;
  int64_t strips, parts;
} svk_opened;

/* Whether so many tokens meet opened strips on this processor. */
int svk_opens(const svk_format *format, int64_t tokens);

/* What svk_opened_product needs of scratch. */
int64_t svk_opened_scratch_bytes(void);
/* svk_integer_product for rows first..<last, whole strips, over strips or rows that come into
 * them. */
void svk_opened_product(svk_weights w, int64_t first, int64_t last, const void *x, int64_t tokens,
                        float *y, int64_t ldy, void *scratch);

#endif
