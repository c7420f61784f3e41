// The fast path's offsets hold for the host port as they do for x86-64.
#include "arch/x86_64/offset_check.h"

CHECK(struct arch_registers, rax, T_RAX - T_IP);
CHECK(struct arch_registers, word[0], T_R8 - T_IP);
CHECK(struct arch_registers, word[7], T_R15 - T_IP);
