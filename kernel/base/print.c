#include "base/print.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>

static void print_number(uint64_t value, unsigned base, unsigned width, char pad, bool negative)
{
	char text[24];
	unsigned n = 0;

	do
		text[n++] = "0123456789abcdef"[value % base];
	while (value /= base);
	if (negative)
		text[n++] = '-';
	for (; width > n; width--)
		arch_console_put(pad);
	while (n)
		arch_console_put(text[--n]);
}

static void print_string(const char *s, unsigned width)
{
	for (s = s ? s : "(null)"; *s; s++, width -= width > 0)
		arch_console_put(*s);
	while (width--)
		arch_console_put(' ');
}

static void print_list(const char *format, va_list args)
{
	for (const char *f = format; *f; f++) {
		if (*f != '%') {
			arch_console_put(*f);
			continue;
		}
		char pad = *++f == '0' ? '0' : ' ';
		unsigned width = 0, wide = 0;

		for (; *f >= '0' && *f <= '9'; f++)
			width = width * 10 + (unsigned)(*f - '0');
		for (; *f == 'l'; f++)
			wide++;
		if (*f == 's') {
			print_string(va_arg(args, const char *), width);
		} else if (*f == 'c') {
			arch_console_put((char)va_arg(args, int));
		} else if (*f == 'd') {
			int64_t v = wide ? va_arg(args, int64_t) : va_arg(args, int);

			print_number(v < 0 ? -(uint64_t)v : (uint64_t)v, 10, width, pad, v < 0);
		} else if (*f == 'u' || *f == 'x') {
			uint64_t v = wide ? va_arg(args, uint64_t) : va_arg(args, unsigned);

			print_number(v, *f == 'u' ? 10 : 16, width, pad, false);
		} else if (*f == 'p') {
			print_number((uintptr_t)va_arg(args, void *), 16, 16, '0', false);
		} else {
			arch_console_put('%');
		}
	}
}

void print(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	print_list(format, args);
	va_end(args);
}

void panic(const char *format, ...)
{
	va_list args;

	print("\npith: panic: ");
	va_start(args, format);
	print_list(format, args);
	va_end(args);
	print("\n");
	arch_panic();
}
