/*
 * JPEG by libjpeg-turbo's TurboJPEG interface (turbojpeg.h, 2.0 or later): gray files as one number
 * a pixel, all others as RGB, with the accurate transform and smooth upsampling that libjpeg itself
 * uses. Files of four inks are not read: what colours they mean is a matter of the press.
 *
 * A call that warned fails with the code of a warning, also where an error followed; only the words
 * tell them apart, because an error's replace those of the warning before it.
 */
#include "images.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

enum { FORMAT_RGB = 0, FORMAT_GRAY = 6, COLORS_GRAY = 2, COLORS_INKS = 3 };
/* The accurate transform; at most 500 scans, because a small file may ask for endless ones. */
enum { FLAGS = 4096 | 32768 };

static struct {
  void *(*create)(void);
  int (*destroy)(void *);
  int (*header)(void *, const unsigned char *, unsigned long, int *, int *, int *, int *);
  int (*decode)(void *, const unsigned char *, unsigned long, unsigned char *, int width,
                int pitch, int height, int format, int flags);
  char *(*message)(void *);
} jpeg;

static pthread_once_t opened = PTHREAD_ONCE_INIT;

static void open_library(void) {
  void *library = dlopen("libturbojpeg.so.0", RTLD_NOW | RTLD_LOCAL);
  if (!library) return;
  *(void **)&jpeg.create = dlsym(library, "tjInitDecompress");
  *(void **)&jpeg.destroy = dlsym(library, "tjDestroy");
  *(void **)&jpeg.header = dlsym(library, "tjDecompressHeader3");
  *(void **)&jpeg.decode = dlsym(library, "tjDecompress2");
  *(void **)&jpeg.message = dlsym(library, "tjGetErrorStr2");
}

static int is_open(void) {
  pthread_once(&opened, open_library);
  return jpeg.create && jpeg.destroy && jpeg.header && jpeg.decode && jpeg.message;
}

/* Warnings that cameras and servers cause and that cost no pixel. */
static int is_harmless(const char *message) {
  static const char *const words[] = {"extraneous bytes before marker", "unknown JFIF revision",
                                      "Adobe color transform code"};
  for (size_t i = 0; i < sizeof words / sizeof *words; i++)
    if (strstr(message, words[i])) return 1;
  return 0;
}

static int refused(void *decoder, struct svi_picture *out) {
  snprintf(out->message, sizeof out->message, "%s", jpeg.message(decoder));
  jpeg.destroy(decoder);
  return SVI_REFUSED;
}

int svi_jpeg_header(const void *bytes, size_t count, struct svi_picture *out) {
  if (!is_open()) return SVI_NO_LIBRARY;
  int width = 0, height = 0, sampling = 0, colors = 0;
  void *decoder = jpeg.create();
  if (!decoder) return SVI_NO_LIBRARY;
  if (jpeg.header(decoder, bytes, count, &width, &height, &sampling, &colors) ||
      width < 1 || height < 1)
    return refused(decoder, out);
  if (colors >= COLORS_INKS) {
    snprintf(out->message, sizeof out->message, "four inks (CMYK)");
    jpeg.destroy(decoder);
    return SVI_FOREIGN;
  }
  out->width = (uint32_t)width;
  out->height = (uint32_t)height;
  out->channels = colors == COLORS_GRAY ? 1 : 3;
  jpeg.destroy(decoder);
  return SVI_DONE;
}

int svi_jpeg_decode(const void *bytes, size_t count, struct svi_picture *header, uint8_t *pixels) {
  if (!is_open()) return SVI_NO_LIBRARY;
  void *decoder = jpeg.create();
  if (!decoder) return SVI_NO_LIBRARY;
  /* Another size than the header's is scaled to it or refused, never written beyond. */
  int failed = jpeg.decode(decoder, bytes, count, pixels, (int)header->width, 0,
                           (int)header->height,
                           header->channels == 1 ? FORMAT_GRAY : FORMAT_RGB, FLAGS);
  if (failed && !is_harmless(jpeg.message(decoder))) return refused(decoder, header);
  jpeg.destroy(decoder);
  return SVI_DONE;
}
