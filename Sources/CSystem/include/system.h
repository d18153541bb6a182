/* Placeholder. */
#ifndef SVFT_SYSTEM_H
#define SVFT_SYSTEM_H
#endif
