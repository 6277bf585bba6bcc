// The target is headers only; a C target needs one file to compile.
#include "CSystem.h"
