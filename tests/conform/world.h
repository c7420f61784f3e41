// What main.c needs of world.c and the other way round.
#ifndef TESTS_CONFORM_WORLD_H
#define TESTS_CONFORM_WORLD_H

#include "tests/conform/conform.h"

void world_init(void);
void world_reset(void);
_Noreturn void world_fail(const char *why);

#endif
