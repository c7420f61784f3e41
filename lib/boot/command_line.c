#include "lib/boot/command_line.h"

#include <string.h>

const char *command_line_find(const char *line, const char *word)
{
	while (*(line += strspn(line, " "))) {
		if (!strncmp(line, word, strlen(word)))
			return line + strlen(word);
		line += strcspn(line, " ");
	}
	return NULL;
}
