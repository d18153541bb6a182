/* How the programs here say what they expect of libsvft. A failed expectation is printed with its
 * place and the program goes on; its exit status is that of finish(). */
#ifndef EXPECT_H
#define EXPECT_H

#include <stdio.h>
#include <string.h>
#include <svft.h>

static int expectations_failed;

/* The end of main: 0 when all that was expected came true. */
static inline int finish(void) {
  if (expectations_failed) fprintf(stderr, "%d expectations failed\n", expectations_failed);
  return expectations_failed ? 1 : 0;
}

static inline int expect_at(const char *file, int line, int holds, const char *what) {
  if (!holds) {
    expectations_failed++;
    fprintf(stderr, "%s:%d: expected %s\n", file, line, what);
  }
  return holds;
}

/* A call that must succeed; its sentence is printed where it does not. */
static inline int works_at(const char *file, int line, svft_status status, const char *call) {
  if (status == SVFT_OK) return 1;
  expectations_failed++;
  fprintf(stderr, "%s:%d: %s: %s (%d): %s\n", file, line, call, svft_status_string(status), status,
          svft_last_error());
  return 0;
}

/* A call that must fail with this status and a sentence in which `words` stand. */
static inline int fails_at(const char *file, int line, svft_status expected, const char *words,
                           svft_status found, const char *call) {
  if (found == expected && strstr(svft_last_error(), words)) return 1;
  expectations_failed++;
  fprintf(stderr, "%s:%d: %s: expected %d \"%s\", found %d \"%s\"\n", file, line, call, expected,
          words, found, found == SVFT_OK ? "" : svft_last_error());
  return 0;
}

#define EXPECT(condition) expect_at(__FILE__, __LINE__, (condition) != 0, #condition)
#define WORKS(call) works_at(__FILE__, __LINE__, call, #call)
#define FAILS(status, words, call) fails_at(__FILE__, __LINE__, status, words, call, #call)

#endif
