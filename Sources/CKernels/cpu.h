/* What this processor can do, and how one C body becomes a variant per instruction set.
 *
 * A kernel is written once as an always-inlined `<name>_body`; SVK_KERNEL compiles it for every
 * instruction set (the compiler vectorises it for each) and defines the dispatching entry
 * `svk_<name>`. Where the compiler is not good enough, x86/<file>.h holds a hand-written variant
 * instead. Reductions keep explicit lanes, because the compiler may not reorder sums by itself. */
#ifndef SVK_CPU_H
#define SVK_CPU_H

#include <stdint.h>

enum svk_isa {
  SVK_PORTABLE = 0,
  SVK_AVX2 = 1,
  SVK_AVX512 = 2,
  SVK_AVX512VNNI = 3,
  SVK_AVX512BF16 = 4
};

/* The set in force on this thread: the best one detected, unless overridden. */
int svk_isa(void);

#define SVK_INLINE static inline __attribute__((always_inline))

/* Before a loop whose turns do not touch each other's elements: targets may be sources. Without it
 * the compiler tests for overlap and takes work in place number by number (ten times slower). */
#define SVK_ELEMENTWISE _Pragma("clang loop vectorize(assume_safety)")

#if defined(__x86_64__)
#define SVK_X86 1
#define SVK_TARGET_AVX2 __attribute__((target("avx2,fma,f16c")))
#define SVK_TARGET_AVX512                                                                          \
  __attribute__((target("avx2,fma,f16c,avx512f,avx512bw,avx512vl,avx512dq"), min_vector_width(512)))
#define SVK_TARGET_AVX512VNNI                                                                      \
  __attribute__((target("avx2,fma,f16c,avx512f,avx512bw,avx512vl,avx512dq,avx512vnni"),            \
                 min_vector_width(512)))
#define SVK_TARGET_AVX512BF16                                                                      \
  __attribute__((target("avx2,fma,f16c,avx512f,avx512bw,avx512vl,avx512dq,avx512vnni,avx512bf16"), \
                 min_vector_width(512)))

/* Picks the best of three variants; sets above AVX-512 take its one. */
#define SVK_PICK(name)                                                                             \
  (svk_isa() >= SVK_AVX512 ? name##__avx512                                                        \
                           : (svk_isa() == SVK_AVX2 ? name##__avx2 : name##__portable))

/* The variants alone, for kernels within a file. */
#define SVK_VARIANTS(result, name, parameters, arguments)                                          \
  static result name##__portable parameters { return name##_body arguments; }                      \
  SVK_TARGET_AVX2 static result name##__avx2 parameters { return name##_body arguments; }          \
  SVK_TARGET_AVX512 static result name##__avx512 parameters { return name##_body arguments; }
#else
#define SVK_X86 0
#define SVK_PICK(name) name##__portable
#define SVK_VARIANTS(result, name, parameters, arguments)                                          \
  static result name##__portable parameters { return name##_body arguments; }
#endif

#define SVK_KERNEL(result, name, parameters, arguments)                                            \
  SVK_VARIANTS(result, name, parameters, arguments)                                                \
  result svk_##name parameters { return SVK_PICK(name) arguments; }

#endif
