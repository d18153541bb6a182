/*
 * What the ground floor needs from the system and Swift cannot do as well: a team of threads with a
 * meeting point, LAPACK by name, SHA-256, counter-based random bits, the monotonic clock.
 *
 * Nothing here allocates after warm-up, writes to a stream, reads the environment or touches a signal
 * handler. Arguments are trusted; the Swift file of the same topic checks them.
 */
#ifndef SVFT_SYSTEM_H
#define SVFT_SYSTEM_H

#include <stddef.h>
#include <stdint.h>

/* ---- team.c ------------------------------------------------------------------------------------ */

/* One member's part of a region: `id` of `size`, and the team's meeting point for svs_meet. It is a
   Swift closure as Swift passes it, code and context apart: kept like this it is never copied to the
   heap, and a region allocates nothing. */
typedef __attribute__((swiftcall)) void (*svs_body)(intptr_t id, intptr_t size, void *meeting,
                                                    __attribute__((swift_context)) void *context);

/* Runs `body` on a team of at most `threads`, the caller being member 0, and returns when all are
   done. The team is smaller where threads are busy or cannot be had. */
__attribute__((swiftcall)) void svs_team_run(intptr_t threads, svs_body body, void *context);

/* Waits until all members of the team have come to `meeting`. Writes before it are seen after it. */
void svs_meet(void *meeting);

/* Processors this process may use: its affinity mask. At least 1. */
int svs_processors(void);

/* Threads that the pool has started in this process. */
int svs_pool_threads(void);

/* Seconds of the monotonic clock. */
double svs_seconds(void);

/* ---- philox.c ---------------------------------------------------------------------------------- */

/* Four random words from a key and a 128-bit counter (stream above, block below). */
void svs_philox(uint64_t key, uint64_t stream, uint64_t block, uint32_t out[4]);

/* A dropout mask: element i is dropped where word i of (key, stream) is below `threshold` = p * 2^32;
   what stays is multiplied by `scale` = 1 / (1 - p). */
struct svs_mask {
  uint64_t key, stream;
  uint64_t threshold;
  float scale;
};

/* y[i] = or += mask(first + i) * scale * x[i] for i < count. y may be x. The backward pass is the same
   call on the gradient. */
void svs_dropout(const struct svs_mask *mask, uint64_t first, size_t count, const float *x, float *y,
                 int accumulate);

#endif
