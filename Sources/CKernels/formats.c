/* The list of formats (kernels.h) by their ids, and what any of them can do. */
#include "format.h"

#define FORMAT_CASE(name, type)                                                                    \
  case type: return svk_format_##name();

const svk_format *svk_format_of(uint32_t type) {
  switch (type) {
    SVK_FORMATS(FORMAT_CASE)
    default: return NULL;
  }
}

int64_t svk_block_length(const svk_format *format) { return format->block_length; }
int64_t svk_block_bytes(const svk_format *format) { return format->block_bytes; }

int svk_takes_integers(const svk_format *format) { return format->unpack != NULL; }
int svk_forms_strips(const svk_format *format) { return format->strips != NULL; }
int svk_serves_heads(const svk_format *format) { return format->head_scores != NULL; }
int svk_has_cells(const svk_format *format) { return format->cells != NULL; }
int svk_encodes(const svk_format *format) { return format->encode || format->fit; }
int svk_weighs(const svk_format *format) { return format->fit != NULL; }

void svk_decode(const svk_format *format, const void *source, int64_t count, float *target) {
  format->decode(source, count, target);
}

void svk_encode(const svk_format *format, const float *source, const float *importance,
                int64_t count, void *target) {
  if (format->fit && (importance || !format->encode)) {
    format->fit(source, importance, count, target);
  } else if (format->encode) {
    format->encode(source, count, target);
  }
}
