/* Detects the instruction set once. SVFT_ISA (portable, avx2, avx512, avx512vnni, avx512bf16) can
 * lower it, for tests; svk_isa_override sets it for the calling thread alone, so that one process
 * can compare variants while others compute. __builtin_cpu_supports also asks whether the system
 * saves the registers.
 *
 * avx512bf16 alone can also be had where the processor lacks its instructions, by wish: they are
 * then spelled out in AVX-512F (x86/bf16.h), slower than F32 but with the same results, so that
 * what is multiplied in BF16 can be tested everywhere. */
#include "cpu.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "kernels.h"

static const char *const names[] = {"portable", "avx2", "avx512", "avx512vnni", "avx512bf16"};
enum { SETS = sizeof names / sizeof *names };

static _Atomic int detected = -1;
static _Thread_local int overridden = -1;
static _Thread_local int spelled_out = 0;

static int has_bf16(void) {
#if SVK_X86
  return __builtin_cpu_supports("avx512bf16") != 0;
#else
  return 0;
#endif
}

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
  if (!__builtin_cpu_supports("avx512vnni")) return SVK_AVX512;
  return has_bf16() ? SVK_AVX512BF16 : SVK_AVX512VNNI;
#else
  return SVK_PORTABLE;
#endif
}

/* The best set that runs beside `isa`, spelled out if need be. */
static int most_beside(int isa) { return isa == SVK_AVX512VNNI ? SVK_AVX512BF16 : isa; }

int svk_isa_detected(void) {
  int isa = atomic_load_explicit(&detected, memory_order_relaxed);
  if (isa >= 0) return isa;
  isa = supported();
  const char *wanted = getenv("SVFT_ISA");
  for (int i = 0, most = most_beside(isa); wanted && i <= most; i++) {
    if (strcmp(wanted, names[i]) == 0) isa = i;
  }
  /* Two threads may both come here; they store the same value. */
  atomic_store_explicit(&detected, isa, memory_order_relaxed);
  return isa;
}

int svk_isa_runnable(void) { return most_beside(svk_isa_detected()); }

int svk_isa(void) { return overridden >= 0 ? overridden : svk_isa_detected(); }

void svk_isa_override(int isa) {
  int most = svk_isa_runnable();
  overridden = isa > most ? most : isa;
}

int svk_spells_out_bf16(void) { return spelled_out || !has_bf16(); }

void svk_spell_out_bf16(int on) { spelled_out = on; }
