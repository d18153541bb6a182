/* SHA-256 by the processor's own instructions: sha256rnds2 does two rounds, sha256msg1 and msg2 the
 * schedule of four words. The eight variables lie in two registers, from the highest lane down
 * a b e f and c d g h; after two rounds each has become the other. */
#ifndef SVS_SHA256_X86_H
#define SVS_SHA256_X86_H

#include <cpuid.h>
#include <immintrin.h>

#define SHA_TARGET __attribute__((target("sha,ssse3,sse4.1")))

static int has_sha_instructions(void) {
  unsigned a, b, c, d;
  if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_SSSE3) || !(c & bit_SSE4_1)) return 0;
  return __get_cpuid_count(7, 0, &a, &b, &c, &d) && b & bit_SHA;
}

/* The words t..<t+4 over the 16 before them, which lie in `words` from words[t / 4 % 4] on. */
SHA_TARGET static inline __m128i next_words(const __m128i words[4], int t) {
  __m128i first = words[t / 4 % 4], second = words[(t / 4 + 1) % 4];
  __m128i third = words[(t / 4 + 2) % 4], last = words[(t / 4 + 3) % 4];
  __m128i seven_before = _mm_alignr_epi8(last, third, 4);
  __m128i sums = _mm_add_epi32(_mm_sha256msg1_epu32(first, second), seven_before);
  return _mm_sha256msg2_epu32(sums, last);
}

SHA_TARGET static void add_blocks__sha(uint32_t state[8], const uint8_t *bytes, size_t blocks) {
  const __m128i swap = _mm_set_epi8(12, 13, 14, 15, 8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3);
  __m128i abef = _mm_set_epi32((int)state[0], (int)state[1], (int)state[4], (int)state[5]);
  __m128i cdgh = _mm_set_epi32((int)state[2], (int)state[3], (int)state[6], (int)state[7]);
  for (; blocks; blocks--, bytes += 64) {
    __m128i words[4], abef_before = abef, cdgh_before = cdgh;
#pragma clang loop unroll(full)
    for (int t = 0; t < 64; t += 4) {
      __m128i now;
      if (t < 16) {
        now = _mm_loadu_si128((const __m128i *)(const void *)(bytes + 4 * t));
        now = _mm_shuffle_epi8(now, swap);
      } else {
        now = next_words(words, t);
      }
      words[t / 4 % 4] = now;
      now = _mm_add_epi32(now, _mm_loadu_si128((const __m128i *)(const void *)(K + t)));
      cdgh = _mm_sha256rnds2_epu32(cdgh, abef, now);
      abef = _mm_sha256rnds2_epu32(abef, cdgh, _mm_shuffle_epi32(now, 0x0e));
    }
    abef = _mm_add_epi32(abef, abef_before);
    cdgh = _mm_add_epi32(cdgh, cdgh_before);
  }
  uint32_t upper[4], lower[4];
  _mm_storeu_si128((__m128i *)(void *)upper, abef);
  _mm_storeu_si128((__m128i *)(void *)lower, cdgh);
  for (int i = 0; i < 2; i++) {
    state[i] = upper[3 - i];
    state[2 + i] = lower[3 - i];
    state[4 + i] = upper[1 - i];
    state[6 + i] = lower[1 - i];
  }
}

#endif
