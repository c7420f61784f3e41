// Messages of the kernel on the log console: at boot and in a panic, nowhere else.
#ifndef KERNEL_BASE_PRINT_H
#define KERNEL_BASE_PRINT_H

// printf with %s %c %d %u %x %p %%, widths and zero padding, and l for 64 bits.
void print(const char *format, ...) __attribute__((format(printf, 1, 2), cold));

// An invariant does not hold: say so, and stop the machine.
_Noreturn void panic(const char *format, ...) __attribute__((format(printf, 1, 2), cold));

// Provided by the port: one character to the console, and the end of everything.
void arch_console_put(char c);
_Noreturn void arch_panic(void);

#define ASSERT(x) ((x) ? (void)0 : panic("assertion failed: %s (%s:%d)", #x, __FILE__, __LINE__))

#endif
