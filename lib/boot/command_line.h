// Words NAME=VALUE of the kernel's command line, separated by blanks.
#ifndef LIB_BOOT_COMMAND_LINE_H
#define LIB_BOOT_COMMAND_LINE_H

// The value of the first word that begins with `word` (as "program="), up to the next blank or the end;
// null when there is none.
const char *command_line_find(const char *line, const char *word);

#endif
