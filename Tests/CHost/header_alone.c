/* svft.h needs no other header before it, and may be included twice. */
#include "svft.h"
#include "svft.h"

int main(void) { return 0; }
