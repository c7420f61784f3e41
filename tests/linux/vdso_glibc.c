// The same with the other C library.
#include "vdso.c"
