/*
 * PNG by libpng's simplified interface (png.h, "Simplified API"), which begins with a structure
 * that is laid out here as that header documents it. Every file is read as 8 bits a number in the
 * channels it has: gray stays gray, palettes become their colours, alpha is kept apart and nothing
 * is composed. Numbers of 16 bits are taken for sRGB where the file says nothing else, and rounded
 * to 8 (Pillow cuts them, which is at most 1 of 255 apart, and leaves gray ones as they are).
 */
#include "images.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

/* png_image, version 1. */
struct png_image {
  void *opaque;
  uint32_t version, width, height, format, flags, colormap_entries, warning_or_error;
  char message[64];
};

enum { VERSION = 1, ALPHA = 1, COLOR = 2, SIXTEEN_BITS_ARE_SRGB = 4, IS_ERROR = 2 };

static struct {
  int (*begin)(struct png_image *, const void *, size_t);
  int (*finish)(struct png_image *, const void *background, void *, int32_t stride, void *colors);
  void (*release)(struct png_image *);
} png;

static pthread_once_t opened = PTHREAD_ONCE_INIT;

static void open_library(void) {
  void *library = dlopen("libpng16.so.16", RTLD_NOW | RTLD_LOCAL);
  if (!library) return;
  *(void **)&png.begin = dlsym(library, "png_image_begin_read_from_memory");
  *(void **)&png.finish = dlsym(library, "png_image_finish_read");
  *(void **)&png.release = dlsym(library, "png_image_free");
}

static int refused(struct png_image *image, struct svi_picture *out) {
  snprintf(out->message, sizeof out->message, "%.63s", image->message);
  png.release(image);
  return SVI_REFUSED;
}

/* Opens the file; its header is in `image` then. */
static int begin(const void *bytes, size_t count, struct png_image *image,
                 struct svi_picture *out) {
  pthread_once(&opened, open_library);
  if (!png.begin || !png.finish || !png.release) return SVI_NO_LIBRARY;
  memset(image, 0, sizeof *image);
  image->version = VERSION;
  if (!png.begin(image, bytes, count)) return refused(image, out);
  image->format &= ALPHA | COLOR;
  image->flags |= SIXTEEN_BITS_ARE_SRGB;
  return SVI_DONE;
}

int svi_png_header(const void *bytes, size_t count, struct svi_picture *out) {
  struct png_image image;
  int outcome = begin(bytes, count, &image, out);
  if (outcome != SVI_DONE) return outcome;
  out->width = image.width;
  out->height = image.height;
  out->channels = (image.format & COLOR ? 3 : 1) + (image.format & ALPHA ? 1 : 0);
  png.release(&image);
  return SVI_DONE;
}

int svi_png_decode(const void *bytes, size_t count, struct svi_picture *header, uint8_t *pixels) {
  struct png_image image;
  int outcome = begin(bytes, count, &image, header);
  if (outcome != SVI_DONE) return outcome;
  /* Both calls see the same bytes; a file that changed in between must not overrun the pixels. */
  if (image.width != header->width || image.height != header->height) {
    snprintf(image.message, sizeof image.message, "the header has changed meanwhile");
    return refused(&image, header);
  }
  if (!png.finish(&image, NULL, pixels, 0, NULL) || (image.warning_or_error & IS_ERROR))
    return refused(&image, header);
  png.release(&image);
  return SVI_DONE;
}
