#include "offset_check.h"

CHECK(struct thread, regs.rax, T_RAX);
CHECK(struct thread, regs.rdx, T_RDX);
CHECK(struct thread, regs.rbp, T_RBP);
CHECK(struct thread, regs.r11, T_R11);
CHECK(struct thread, regs.word[0], T_R8);
CHECK(struct thread, regs.word[3], T_RBX);
CHECK(struct thread, regs.word[7], T_R15);
