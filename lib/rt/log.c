// rt_log: a line to the log driver, in the words of one message.
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "lib/rt/rt.h"
#include "protocol/gen/log.h"

#define LINE_MAX 440

static cap_t log_cap;
static bool log_known;

__attribute__((weak)) void rt_log_line(const char *text, size_t length)
{
	struct msg m = {0};
	uint64_t words[LINE_MAX / 8] = {0};
	unsigned count;

	if (!log_known) {
		log_cap = component_find_cap("log", NULL);
		log_known = true;
	}
	if (!log_cap)
		return;
	if (length > LINE_MAX)
		length = LINE_MAX;
	count = (unsigned)(length + 7) / 8;
	memcpy(words, text, length);
	m.tag = TAG(LOG_WRITE, 1 + count);
	m.words[0] = length;
	msg_set_words(&m, 1, words, count);
	if (sys_call(log_cap, &m))
		log_cap = 0;  // the driver is gone
}

void rt_log(const char *format, ...)
{
	char line[LINE_MAX];
	va_list list;
	int length;

	va_start(list, format);
	length = vsnprintf(line, sizeof(line), format, list);
	va_end(list);
	if (length < 0)
		return;
	rt_log_line(line, (size_t)length < sizeof(line) ? (size_t)length : sizeof(line) - 1);
}

void rt_log_plain(const char *text, const uint64_t *number)
{
	char line[160];
	size_t length = strlen(text) < 128 ? strlen(text) : 128;
	char digits[20];
	unsigned count = 0;

	memcpy(line, text, length);
	for (uint64_t n = number ? *number : 0; number && (n || !count); n /= 10)
		digits[count++] = (char)('0' + n % 10);
	while (count)
		line[length++] = digits[--count];
	rt_log_line(line, length);
}
