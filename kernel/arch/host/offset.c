// The fast path's offsets hold for the host port as they do for x86-64.
#include "arch/x86_64/offset_check.h"

CHECK(struct thread, regs.general[REGISTER_RBP - REGISTER_RAX], T_RBP);
CHECK(struct thread, regs.general[REGISTER_R8 - REGISTER_RAX], T_R8);
CHECK(struct thread, regs.general[REGISTER_R15 - REGISTER_RAX], T_R15);
