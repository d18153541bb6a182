/* The allocation functions of the C library, with a counter in front. Defined in the test
   executable they
 * replace the library's for every module of the process; glibc keeps its own under __libc_ names.
 * */
#include "allocations.h"

#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>

static atomic_long count;
static atomic_int counting;

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITISED 1
#endif
#endif

#if defined(__GLIBC__) && !defined(SANITISED)
#define COUNTS 1

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t items, size_t size);
extern void *__libc_realloc(void *block, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);

static void note(void) {
  if (atomic_load_explicit(&counting, memory_order_relaxed)) atomic_fetch_add(&count, 1);
}

void *malloc(size_t size) {
  note();
  return __libc_malloc(size);
}

void *calloc(size_t items, size_t size) {
  note();
  return __libc_calloc(items, size);
}

void *realloc(void *block, size_t size) {
  note();
  return __libc_realloc(block, size);
}

void *memalign(size_t alignment, size_t size) {
  note();
  return __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size) {
  note();
  return __libc_memalign(alignment, size);
}

int posix_memalign(void **out, size_t alignment, size_t size) {
  note();
  void *block = __libc_memalign(alignment, size);
  if (block == NULL) return ENOMEM;
  *out = block;
  return 0;
}
#endif

void svft_allocations_begin(void) {
  atomic_store(&count, 0);
  atomic_store(&counting, 1);
}

long svft_allocations_end(void) {
  atomic_store(&counting, 0);
#ifdef COUNTS
  return atomic_load(&count);
#else
  return -1;
#endif
}
