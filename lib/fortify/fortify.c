// What Debian's libraries, which are built for glibc with _FORTIFY_SOURCE, call in place of the plain
// functions. The sizes they pass are checked as glibc does; the rest is the C library's.
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int __snprintf_chk(char *to, size_t length, int flag, size_t size, const char *format, ...);
int __vsnprintf_chk(char *to, size_t length, int flag, size_t size, const char *format, va_list list);
int __fprintf_chk(FILE *file, int flag, const char *format, ...);
char *__strncpy_chk(char *to, const char *from, size_t length, size_t size);

static void size_check(size_t length, size_t size)
{
	if (length > size)
		abort();
}

int __vsnprintf_chk(char *to, size_t length, int flag, size_t size, const char *format, va_list list)
{
	(void)flag;
	size_check(length, size);
	return vsnprintf(to, length, format, list);
}

int __snprintf_chk(char *to, size_t length, int flag, size_t size, const char *format, ...)
{
	va_list list;
	int result;

	va_start(list, format);
	result = __vsnprintf_chk(to, length, flag, size, format, list);
	va_end(list);
	return result;
}

int __fprintf_chk(FILE *file, int flag, const char *format, ...)
{
	va_list list;
	int result;

	(void)flag;
	va_start(list, format);
	result = vfprintf(file, format, list);
	va_end(list);
	return result;
}

char *__strncpy_chk(char *to, const char *from, size_t length, size_t size)
{
	size_check(length, size);
	return strncpy(to, from, length);
}
