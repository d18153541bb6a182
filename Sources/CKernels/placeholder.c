#include "kernels.h"
typedef int svk_placeholder;
