/*
 * SHA-256 (FIPS 180-4, sections 4.1.2, 5.1.1, 5.3.3, 6.2) over a stream of bytes: the identity of a
 * base weight in adapter files. Plain C, and the processor's own rounds where it has them.
 */
#include "system.h"

#include <string.h>

/* The fractional parts of the cube roots of the first 64 primes (4.2.2). */
static const uint32_t K[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

static inline uint32_t turn(uint32_t x, int by) { return x >> by | x << (32 - by); }

static inline uint32_t big_endian(const uint8_t *bytes) {
  return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static void blocks_portable(uint32_t state[8], const uint8_t *bytes, size_t blocks) {
  for (; blocks; blocks--, bytes += 64) {
    uint32_t w[64], s[8];
    for (int t = 0; t < 16; t++) w[t] = big_endian(bytes + 4 * t);
    for (int t = 16; t < 64; t++) {
      uint32_t a = w[t - 15], b = w[t - 2];
      w[t] = w[t - 16] + (turn(a, 7) ^ turn(a, 18) ^ a >> 3) + w[t - 7] +
             (turn(b, 17) ^ turn(b, 19) ^ b >> 10);
    }
    memcpy(s, state, sizeof s);
    for (int t = 0; t < 64; t++) {
      uint32_t e = s[4], a = s[0];
      uint32_t first = s[7] + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) +
                       ((e & s[5]) ^ (~e & s[6])) + K[t] + w[t];
      uint32_t second =
          (turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + ((a & s[1]) ^ (a & s[2]) ^ (s[1] & s[2]));
      memmove(s + 1, s, 7 * sizeof *s);
      s[4] += first;
      s[0] = first + second;
    }
    for (int i = 0; i < 8; i++) state[i] += s[i];
  }
}

#if defined(__x86_64__)
#include <immintrin.h>

/* The same with the SHA extensions: two rounds per instruction on (ABEF, CDGH); the schedule is
   kept in four vectors of four words that replace each other. */
__attribute__((target("sha,sse4.1,ssse3"))) static void blocks_sha(uint32_t state[8],
                                                                   const uint8_t *bytes,
                                                                   size_t blocks) {
  const __m128i swap = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
  __m128i abef = _mm_set_epi32((int)state[0], (int)state[1], (int)state[4], (int)state[5]);
  __m128i cdgh = _mm_set_epi32((int)state[2], (int)state[3], (int)state[6], (int)state[7]);
  for (; blocks; blocks--, bytes += 64) {
    __m128i w[4], abef_before = abef, cdgh_before = cdgh;
    for (int i = 0; i < 4; i++) {
      w[i] = _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)(bytes + 16 * i)), swap);
    }
#pragma clang loop unroll(full)
    for (int t = 0; t < 16; t++) {
      __m128i now = w[t & 3];
      __m128i sum = _mm_add_epi32(now, _mm_loadu_si128((const __m128i *)(K + 4 * t)));
      cdgh = _mm_sha256rnds2_epu32(cdgh, abef, sum);
      abef = _mm_sha256rnds2_epu32(abef, cdgh, _mm_shuffle_epi32(sum, 0x0e));
      if (t < 12) {
        __m128i last = w[(t + 3) & 3], next = _mm_sha256msg1_epu32(now, w[(t + 1) & 3]);
        next = _mm_add_epi32(next, _mm_alignr_epi8(last, w[(t + 2) & 3], 4));
        w[t & 3] = _mm_sha256msg2_epu32(next, last);
      }
    }
    abef = _mm_add_epi32(abef, abef_before);
    cdgh = _mm_add_epi32(cdgh, cdgh_before);
  }
  state[0] = (uint32_t)_mm_extract_epi32(abef, 3);
  state[1] = (uint32_t)_mm_extract_epi32(abef, 2);
  state[4] = (uint32_t)_mm_extract_epi32(abef, 1);
  state[5] = (uint32_t)_mm_extract_epi32(abef, 0);
  state[2] = (uint32_t)_mm_extract_epi32(cdgh, 3);
  state[3] = (uint32_t)_mm_extract_epi32(cdgh, 2);
  state[6] = (uint32_t)_mm_extract_epi32(cdgh, 1);
  state[7] = (uint32_t)_mm_extract_epi32(cdgh, 0);
}

/* CPUID leaf 7, EBX bit 29: asked directly, because not every compiler's table has the name. */
static int has_sha(void) {
  uint32_t a = 7, b = 0, c = 0, d = 0;
  if (__builtin_cpu_supports("sse4.1") == 0) return 0;
  __asm__("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
  return (b >> 29) & 1;
}
#endif

static void add_blocks(uint32_t state[8], const uint8_t *bytes, size_t blocks) {
#if defined(__x86_64__)
  if (has_sha()) {
    blocks_sha(state, bytes, blocks);
    return;
  }
#endif
  blocks_portable(state, bytes, blocks);
}

void svs_sha256_start(struct svs_sha256 *hash) {
  /* The fractional parts of the square roots of the first 8 primes (5.3.3). */
  static const uint32_t start[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                    0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  memcpy(hash->state, start, sizeof start);
  hash->length = 0;
}

void svs_sha256_update(struct svs_sha256 *hash, const void *data, size_t count) {
  const uint8_t *bytes = data;
  size_t held = hash->length % 64;
  hash->length += count;
  if (held) {
    size_t taken = count < 64 - held ? count : 64 - held;
    memcpy(hash->block + held, bytes, taken);
    bytes += taken;
    count -= taken;
    if (held + taken < 64) return;
    add_blocks(hash->state, hash->block, 1);
  }
  if (count >= 64) add_blocks(hash->state, bytes, count / 64);
  if (count % 64) memcpy(hash->block, bytes + count / 64 * 64, count % 64);
}

void svs_sha256_finish(struct svs_sha256 *hash, uint8_t result[32]) {
  uint64_t bits = hash->length * 8;
  uint8_t tail[72] = {0x80};
  size_t padding = 1 + (119 - hash->length % 64) % 64;
  for (int i = 0; i < 8; i++) tail[padding + (size_t)i] = (uint8_t)(bits >> (56 - 8 * i));
  svs_sha256_update(hash, tail, padding + 8);
  for (int i = 0; i < 32; i++) result[i] = (uint8_t)(hash->state[i / 4] >> (24 - 8 * (i % 4)));
}
