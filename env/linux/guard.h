// Single accesses to memory that the program, or a server, may have taken away: the program's own, the
// windows, the shares. When there is nothing, `bad` is where it goes on (struct linux_fixup).
#ifndef ENV_LINUX_GUARD_H
#define ENV_LINUX_GUARD_H

#define GUARD(bad) \
	"\n\t.pushsection .fixup, \"a\"\n\t.balign 8\n\t.long 1b - ., %l[" #bad "] - .\n\t.popsection"

// `to` is a variable of the size of *from: 4 or 8 bytes.
#define GUARD_LOAD(to, from, bad) \
	__asm__ goto volatile("1:\tmov %1, %0" GUARD(bad) : "=r"(to) : "m"(*(from)) : "memory" : bad)
#define GUARD_LOAD_HALF(to, from, bad) \
	__asm__ goto volatile("1:\tmovzwl %1, %0" GUARD(bad) : "=r"(to) : "m"(*(from)) : "memory" : bad)
#define GUARD_LOAD_BYTE(to, from, bad) \
	__asm__ goto volatile("1:\tmovzbl %1, %0" GUARD(bad) : "=r"(to) : "m"(*(from)) : "memory" : bad)
// `value` is a variable of 1, 2, 4 or 8 bytes: so many are stored.
#define GUARD_STORE(to, value, bad) \
	__asm__ goto volatile("1:\tmov %1, %0" GUARD(bad) : "=m"(*(to)) : "r"(value) : "memory" : bad)
// A store that no later load overtakes.
#define GUARD_STORE_FULL(to, value, bad) \
	__asm__ goto volatile("1:\txchg %1, %0" GUARD(bad) : "+m"(*(to)), "+r"(value) : : "memory" : bad)

#endif
