#include "env/linux/script.h"

static bool is_blank(char c) { return c == ' ' || c == '\t'; }

static size_t blanks_skip(const char *head, size_t at, size_t end)
{
	while (at < end && is_blank(head[at]))
		at++;
	return at;
}

static void text_copy(char *to, const char *from, size_t size)
{
	for (size_t i = 0; i < size; i++)
		to[i] = from[i];
	to[size] = 0;
}

bool script_parse(const char *head, size_t size, char *interpreter, char *argument)
{
	size_t end = 2, at, stop;

	while (end < size && head[end] != '\n' && head[end] != 0)
		end++;
	// A line that is cut off is taken only when the interpreter's name surely is whole.
	bool is_cut = end == size && size >= 256;

	while (end > 2 && is_blank(head[end - 1]))
		end--;
	at = blanks_skip(head, 2, end);
	for (stop = at; stop < end && !is_blank(head[stop]); stop++)
		;
	if (stop == at || stop - at > 255 || (is_cut && stop == end))
		return false;
	text_copy(interpreter, head + at, stop - at);
	at = blanks_skip(head, stop, end);
	text_copy(argument, head + at, end - at);
	return true;
}
