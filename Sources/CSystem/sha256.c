/*
 * SHA-256 (FIPS 180-4, sections 4.1.2, 5.1.1, 5.3.3, 6.2) over a stream of bytes: the identity of a
 * base weight in adapter files.
 *
 * Plain C, and the instructions of x86 processors that have them (sha256_x86.h): at least four
 * times as fast, which factoring large files notices.
 */
#include "system.h"

#include <stdatomic.h>
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

/* One round. The caller renames the eight variables instead of moving their values. */
#define ROUND(a, b, c, d, e, f, g, h, t)                                                    \
  do {                                                                                      \
    uint32_t sum = h + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + (g ^ (e & (f ^ g))) + K[t] + \
                   w[(t) & 15];                                                             \
    d += sum;                                                                               \
    h = sum + (turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + ((a & b) | (c & (a | b)));         \
  } while (0)

/* The schedule word t, over the word t - 16 that it replaces (6.2.2, step 1). */
static inline void schedule(uint32_t w[16], int t) {
  uint32_t x = w[(t + 1) & 15], y = w[(t + 14) & 15];
  w[t & 15] += (turn(x, 7) ^ turn(x, 18) ^ x >> 3) + w[(t + 9) & 15] +
               (turn(y, 17) ^ turn(y, 19) ^ y >> 10);
}

static void add_blocks__plain(uint32_t state[8], const uint8_t *bytes, size_t blocks) {
  for (; blocks; blocks--, bytes += 64) {
    uint32_t w[16];
    uint32_t a = state[0], b = state[1], c = state[2], d = state[3];
    uint32_t e = state[4], f = state[5], g = state[6], h = state[7];
    for (int t = 0; t < 16; t++) w[t] = big_endian(bytes + 4 * t);
    for (int t = 0; t < 64; t += 8) {
      if (t >= 16) {
        for (int i = 0; i < 8; i++) schedule(w, t + i);
      }
      ROUND(a, b, c, d, e, f, g, h, t);
      ROUND(h, a, b, c, d, e, f, g, t + 1);
      ROUND(g, h, a, b, c, d, e, f, t + 2);
      ROUND(f, g, h, a, b, c, d, e, t + 3);
      ROUND(e, f, g, h, a, b, c, d, t + 4);
      ROUND(d, e, f, g, h, a, b, c, t + 5);
      ROUND(c, d, e, f, g, h, a, b, t + 6);
      ROUND(b, c, d, e, f, g, h, a, t + 7);
    }
    state[0] += a;
    state[1] += b;
    state[2] += c;
    state[3] += d;
    state[4] += e;
    state[5] += f;
    state[6] += g;
    state[7] += h;
  }
}

#if defined(__x86_64__)
#include "sha256_x86.h"
#else
static int has_sha_instructions(void) { return 0; }
#define add_blocks__sha add_blocks__plain
#endif

static _Thread_local int plain = 0;

void svs_sha256_plainly(int on) { plain = on; }

static void add_blocks(uint32_t state[8], const uint8_t *bytes, size_t blocks) {
  static _Atomic int known = -1;
  int has = atomic_load_explicit(&known, memory_order_relaxed);
  if (has < 0) {
    /* Two threads may both come here; they store the same value. */
    has = has_sha_instructions();
    atomic_store_explicit(&known, has, memory_order_relaxed);
  }
  if (has && !plain) add_blocks__sha(state, bytes, blocks);
  else add_blocks__plain(state, bytes, blocks);
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
