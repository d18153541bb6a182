/* libsvft: placeholder of the public header; the doors' work replaces it. */
#ifndef SVFT_H
#define SVFT_H
#endif
