/* Products of many tokens with strips that are opened as they are needed (opened.h). */
#include "opened.h"

enum {
  OPENED_PARTS = 128,     /* of a strip at once: 4096 columns */
  OPENED_ROOM = 384 << 10 /* of a second cache, beside activations and sums */
};

int64_t svk_opened_scratch_bytes(void) {
  return OPENED_ROOM + SVK_STRIP * OPENED_PARTS * SVK_BLOCK; /* no format has longer codes */
}

int svk_opens(const svk_format *format, int64_t tokens) {
  return tokens > SVK_FEW_TOKENS && svk_has_strips(format) && format->strips->open != NULL;
}

#if SVK_X86
#include "x86/opened.h"

typedef void (*opened_product)(svk_opened o, rounded_tile x, float *y, int64_t ldy,
                               int accumulates);

static opened_product product_of(const svk_format *format) {
  if (format->has_mins) return format->halves ? opened_two_with_mins : opened_one_with_mins;
  return format->halves ? opened_two : opened_one;
}

/* Opens parts first..<first + count of the strip at `row`, which comes into one in `spare` where it
 * lies in rows. */
static void open_parts(svk_weights w, int64_t row, int64_t first, int64_t count, uint8_t *spare,
                       uint8_t *to) {
  if (w.arrangement == SVK_STRIPS) {
    w.format->strips->open(svk_strip_at(w, row), first, count, to);
    return;
  }
  int64_t row_bytes = svk_bytes_of(w.format, w.columns);
  const uint8_t *from =
      (const uint8_t *)w.bytes + row * row_bytes + svk_bytes_of(w.format, first * SVK_BLOCK);
  w.format->strips->open(svk_pack_piece(w, from, count * SVK_BLOCK, spare), 0, count, to);
}

void svk_opened_product(svk_weights w, int64_t first, int64_t last, const void *x, int64_t tokens,
                        float *y, int64_t ldy, void *scratch) {
  opened_product product = product_of(w.format);
  int64_t lines = 8 + (w.format->halves ? 2 : 1) * (w.format->has_mins ? 2 : 1);
  int64_t all = w.columns / SVK_BLOCK, most = all < OPENED_PARTS ? all : OPENED_PARTS;
  int64_t strips = OPENED_ROOM / (most * lines * 64) / 2 * 2;
  uint8_t *room = scratch, *spare = room + OPENED_ROOM;
  for (int64_t row = first; row < last; row += strips * SVK_STRIP) {
    int64_t rows = last - row < strips * SVK_STRIP ? last - row : strips * SVK_STRIP;
    for (int64_t part = 0; part < all; part += most) {
      int64_t count = all - part < most ? all - part : most;
      svk_opened o = {room, rows / SVK_STRIP, count};
      for (int64_t s = 0; s < o.strips; s++) {
        open_parts(w, row + s * SVK_STRIP, part, count, spare, room + s * count * lines * 64);
      }
      for (int64_t t = 0; t < tokens; t += SVK_PAIR_TOKENS) {
        rounded_tile tile = rounded_tile_at(x, t, tokens, SVK_PAIR_TOKENS, w.columns);
        tile.from += part * SVK_TOKEN_BYTES * tile.tokens;
        product(o, tile, y + t * ldy + row, ldy, part > 0);
      }
    }
  }
}
#else
void svk_opened_product(svk_weights w, int64_t first, int64_t last, const void *x, int64_t tokens,
                        float *y, int64_t ldy, void *scratch) {
  (void)w, (void)first, (void)last, (void)x, (void)tokens, (void)y, (void)ldy, (void)scratch;
}
#endif
