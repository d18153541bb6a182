/*
 * PNG and JPEG through the libraries that everybody else reads them with, found by name at the
 * first image: libpng (its simplified interface) and libjpeg-turbo (TurboJPEG). A host without
 * images needs neither.
 *
 * Both interfaces give errors back instead of calling exit or jumping out of our frames. Nothing
 * here keeps state between calls or writes to a stream. Arguments are trusted; the Swift file of
 * the same format checks them.
 */
#ifndef SVFT_IMAGES_H
#define SVFT_IMAGES_H

#include <stddef.h>
#include <stdint.h>

/* What a call came to: done; the library is not there; it refused the bytes and says why; or the
   picture is whole, of a kind that is not read, which `message` names. */
enum svi_outcome { SVI_DONE = 0, SVI_NO_LIBRARY = 1, SVI_REFUSED = 2, SVI_FOREIGN = 3 };

/* A picture as its header says it: numbers per pixel are 1 (gray), 2 (gray, alpha), 3 or 4. */
struct svi_picture {
  uint32_t width, height;
  int channels;
  /* Why the library refused, in its own words; of a foreign kind, its name. */
  char message[200];
};

/* Reads the header of `count` bytes. */
int svi_png_header(const void *bytes, size_t count, struct svi_picture *out);
int svi_jpeg_header(const void *bytes, size_t count, struct svi_picture *out);

/* Decodes the picture that `header` was read from into `pixels`, rows from the top without padding,
   8 bits a number. */
int svi_png_decode(const void *bytes, size_t count, struct svi_picture *header, uint8_t *pixels);
int svi_jpeg_decode(const void *bytes, size_t count, struct svi_picture *header, uint8_t *pixels);

#endif
