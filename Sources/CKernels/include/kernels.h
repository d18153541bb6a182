/* Placeholder. */
#ifndef SVFT_KERNELS_H
#define SVFT_KERNELS_H
#endif
