// What each type does when it dies: see cap/delete.h. And the parts of it that others need.
#ifndef KERNEL_OBJECT_OPS_H
#define KERNEL_OBJECT_OPS_H

#include "kernel.h"

bool cnode_empty(struct core *core, struct object *object, unsigned *budget);
bool vspace_empty(struct core *core, struct object *object, unsigned *budget);
bool thread_empty(struct core *core, struct object *object, unsigned *budget);
bool schedcontext_empty(struct core *core, struct object *object, unsigned *budget);
bool endpoint_empty(struct core *core, struct object *object, unsigned *budget);
bool reply_empty(struct core *core, struct object *object, unsigned *budget);
bool notification_empty(struct core *core, struct object *object, unsigned *budget);
bool interrupt_empty(struct core *core, struct object *object, unsigned *budget);

#endif
