// svft.h is C++ too: alone, twice, and inside a program that uses the standard library.
#include "svft.h"
#include "svft.h"

#include <string>

int main() { return std::string("svft").size() == 4 ? 0 : 1; }
