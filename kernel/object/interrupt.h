#ifndef KERNEL_OBJECT_INTERRUPT_H
#define KERNEL_OBJECT_INTERRUPT_H

#include "kernel.h"

// The vector was raised: signal, and keep it shut until it is acknowledged.
void interrupt_deliver(struct core *core, unsigned vector);

#endif
