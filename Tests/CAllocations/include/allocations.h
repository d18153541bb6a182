/* Counts heap allocations of the whole process between two calls, for tests that promise none. */
#ifndef SVFT_ALLOCATIONS_H
#define SVFT_ALLOCATIONS_H

/* Starts counting from 0. */
void svft_allocations_begin(void);
/* Stops counting; returns how many blocks were asked for, by any thread. -1 where counting is
   impossible
 * (another allocator is linked in, as under a sanitiser). */
long svft_allocations_end(void);

#endif
