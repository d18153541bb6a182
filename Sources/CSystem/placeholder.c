#include "system.h"
typedef int svs_placeholder;
