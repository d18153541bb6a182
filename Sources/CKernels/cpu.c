/* Detects the instruction set once. SVFT_ISA (portable, avx2, avx512, avx512vnni) can lower it,
 * for tests; svk_isa_override lowers it for the calling thread alone, so that one process can
 * compare variants while others compute. __builtin_cpu_supports also asks whether the system
 * saves the registers. */
#include "cpu.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "kernels.h"

static const char *const names[] = {"portable", "avx2", "avx512", "avx512vnni"};

static _Atomic int detected = -1;
static _Thread_local int overridden = -1;

static int supported(void) {
#if SVK_X86
  if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma") ||
      !__builtin_cpu_supports("f16c")) {
    return SVK_PORTABLE;
  }
  if (!__builtin_cpu_supports("avx512f") || !__builtin_cpu_supports("avx512bw") ||
      !__builtin_cpu_supports("avx512vl") || !__builtin_cpu_supports("avx512dq")) {
    return SVK_AVX2;
  }
  return __builtin_cpu_supports("avx512vnni") ? SVK_AVX512VNNI : SVK_AVX512;
#else
  return SVK_PORTABLE;
#endif
}

int svk_isa_detected(void) {
  int isa = atomic_load_explicit(&detected, memory_order_relaxed);
  if (isa >= 0) return isa;
  isa = supported();
  const char *wanted = getenv("SVFT_ISA");
  for (int i = 0; wanted && i < isa; i++) {
    if (strcmp(wanted, names[i]) == 0) isa = i;
  }
  /* Two threads may both come here; they store the same value. */
  atomic_store_explicit(&detected, isa, memory_order_relaxed);
  return isa;
}

int svk_isa(void) { return overridden >= 0 ? overridden : svk_isa_detected(); }

void svk_isa_override(int isa) {
  int best = svk_isa_detected();
  overridden = isa > best ? best : isa;
}

const char *svk_isa_name(int isa) { return isa >= 0 && isa < 4 ? names[isa] : "unknown"; }
