/* What each kernel reaches on one core, beside what the core can do.
 *
 *   roofline limits MILLISECONDS
 *   roofline products ROWS COLUMNS MOST_TOKENS MILLISECONDS
 *   roofline heads MILLISECONDS
 *   roofline passes VALUES WIDTH MILLISECONDS
 *   roofline optimizers VALUES MILLISECONDS
 *
 * Built from Sources/CKernels itself (roofline.py does it). Prints one JSON object a line
 * (measure.h), for every instruction set of the processor. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernels.h"
#include "measure.h"

enum { LARGEST = 1 << 28 };

/* The argument as a number from `low` on; ends the program where it is none. */
static int64_t number(char **arguments, int count, int place, int64_t low) {
  int64_t value = place < count ? atoll(arguments[place]) : low - 1;
  if (value < low || value > LARGEST) {
    fprintf(stderr, "expected a number from %lld on as argument %d\n", (long long)low, place);
    exit(2);
  }
  return value;
}

int main(int count, char **arguments) {
  const char *what = count > 1 ? arguments[1] : "";
  sample_seconds = 1e-3 * (double)number(arguments, count, count - 1, 1);
  if (strcmp(what, "limits") == 0) {
    measure_limits();
    return 0;
  }
  for (int isa = 0; isa <= svk_isa_detected(); isa++) {
    svk_isa_override(isa);
    if (strcmp(what, "products") == 0) {
      measure_products(number(arguments, count, 2, 32), number(arguments, count, 3, 256),
                       number(arguments, count, 4, 1));
    } else if (strcmp(what, "heads") == 0) {
      measure_heads();
    } else if (strcmp(what, "passes") == 0) {
      measure_passes(number(arguments, count, 2, 1024), number(arguments, count, 3, 64));
    } else if (strcmp(what, "optimizers") == 0) {
      measure_optimizers(number(arguments, count, 2, 1024));
    } else {
      return 2;
    }
  }
  return 0;
}
