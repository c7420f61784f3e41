#include "offset_check.h"

CHECK(struct thread, regs.rax, T_RAX);
CHECK(struct thread, regs.rbp, T_RBP);
CHECK(struct thread, regs.r8, T_R8);
CHECK(struct thread, regs.r15, T_R15);
