#include <string.h>

#include "servers/terminal/line.h"
#include "servers/terminal/linux_tty.h"

#define MARK_END 1   // a line ends after this byte
#define MARK_EOF 2   // no byte, but an end of file
#define DISABLED 0   // a control character of this value is none

static bool is_set(uint32_t flags, uint32_t bit) { return flags & bit; }
static bool is_canonical(const struct line *l) { return l->settings.local & TTY_ICANON; }
static uint8_t at(const struct line *l, uint32_t i) { return l->bytes[i % LINE_SIZE]; }

static bool is_control(const struct line *l, unsigned which, uint8_t byte)
{
	return byte != DISABLED && l->settings.characters[which] == byte;
}

void line_init(struct line *l, const struct line_sink *sink)
{
	static const uint8_t characters[LINE_CONTROLS] = {
		3, 28, 127, 21, 4, 0, 1, 0, 17, 19, 26, 0, 18, 15, 23, 22, 0,
	};

	memset(l, 0, sizeof(*l));
	l->sink = *sink;
	l->settings.input = TTY_ICRNL | TTY_IXON | TTY_IUTF8;
	l->settings.output = TTY_OPOST | TTY_ONLCR;
	l->settings.control = 0xbf;  // 38400 baud, 8 bits, receiver on
	l->settings.local = TTY_ISIG | TTY_ICANON | TTY_ECHO | TTY_ECHOE | TTY_ECHOK | TTY_ECHOCTL |
			    TTY_ECHOKE | TTY_IEXTEN;
	memcpy(l->settings.characters, characters, sizeof(characters));
}

void line_stop(struct line *l, bool is_stopped)
{
	if (l->stopped != is_stopped && l->sink.flow)
		l->sink.flow(l->sink.context, is_stopped);
	l->stopped = is_stopped;
}

uint32_t line_room(const struct line *l)
{
	uint32_t used = l->head - l->tail;

	return used < LINE_SIZE - 1 ? LINE_SIZE - 1 - used : line_has_room(l);
}

bool line_has_room(const struct line *l)
{
	// A line that is too long for the buffer is cut, else nobody could ever end it.
	return l->head - l->tail < LINE_SIZE - 1 ||
	       (is_canonical(l) && l->complete == l->tail);
}

static void echo(struct line *l, const char *bytes, uint32_t count)
{
	l->sink.echo(l->sink.context, bytes, count);
}

static bool is_shown_with_caret(const struct line *l, uint8_t byte)
{
	return is_set(l->settings.local, TTY_ECHOCTL) && (byte < 32 || byte == 127) && byte != '\t' &&
	       byte != '\n';
}

// Columns that a byte takes when the cursor is at `column`.
static uint32_t byte_width(const struct line *l, uint8_t byte, uint32_t column)
{
	if (byte == '\t')
		return 8 - column % 8;
	if (is_shown_with_caret(l, byte))
		return 2;
	if (byte < 32 || byte == 127)
		return 0;
	return is_set(l->settings.input, TTY_IUTF8) && (byte & 0xc0) == 0x80 ? 0 : 1;
}

static void echo_byte(struct line *l, uint8_t byte)
{
	char text[2] = {'^', (char)(byte ^ 0x40)};

	l->column += byte_width(l, byte, l->column);
	if (is_shown_with_caret(l, byte)) {
		echo(l, text, 2);
	} else {
		text[0] = (char)byte;
		echo(l, text, 1);
	}
	if (byte == '\n' || byte == '\r')
		l->column = 0;
}

// The column at the end of what is being edited.
static uint32_t edit_column(const struct line *l)
{
	uint32_t column = l->start_column;

	for (uint32_t i = l->complete; i != l->head; i++)
		column += byte_width(l, at(l, i), column);
	return column;
}

static void echo_back(struct line *l, uint32_t to)
{
	while (l->column > to) {
		echo(l, "\b \b", 3);
		l->column--;
	}
}

// Take the last character off the line being edited: in UTF-8 all its bytes.
static void erase_character(struct line *l)
{
	uint8_t byte;

	do {
		byte = at(l, --l->head);
	} while (l->head != l->complete && is_set(l->settings.input, TTY_IUTF8) &&
		 (byte & 0xc0) == 0x80);
	if (!is_set(l->settings.local, TTY_ECHO))
		return;
	if (is_set(l->settings.local, TTY_ECHOE))
		echo_back(l, edit_column(l));
	else
		echo_byte(l, l->settings.characters[TTY_VERASE]);
}

static bool is_word(uint8_t byte)
{
	return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
	       (byte >= 'A' && byte <= 'Z') || byte == '_' || byte >= 0x80;
}

static void erase_word(struct line *l)
{
	while (l->head != l->complete && !is_word(at(l, l->head - 1)))
		erase_character(l);
	while (l->head != l->complete && is_word(at(l, l->head - 1)))
		erase_character(l);
}

static void erase_line(struct line *l)
{
	uint32_t local = l->settings.local;

	l->head = l->complete;
	if (!is_set(local, TTY_ECHO))
		return;
	if (is_set(local, TTY_ECHOKE) && is_set(local, TTY_ECHOE)) {
		echo_back(l, l->start_column);
		return;
	}
	echo_byte(l, l->settings.characters[TTY_VKILL]);
	if (is_set(local, TTY_ECHOK))
		echo_byte(l, '\n');
	l->start_column = l->column;
}

static void reprint(struct line *l)
{
	echo_byte(l, l->settings.characters[TTY_VREPRINT]);
	echo_byte(l, '\n');
	l->start_column = l->column;
	for (uint32_t i = l->complete; i != l->head; i++)
		echo_byte(l, at(l, i));
}

static void store(struct line *l, uint8_t byte, uint8_t mark)
{
	if (l->head == l->complete)
		l->start_column = l->column;
	l->bytes[l->head % LINE_SIZE] = byte;
	l->marks[l->head % LINE_SIZE] = mark;
	l->head++;
	if (mark || !is_canonical(l))
		l->complete = l->head;
}

static bool signal_input(struct line *l, uint8_t byte)
{
	int number = is_control(l, TTY_VINTR, byte)   ? TTY_SIGINT
		     : is_control(l, TTY_VQUIT, byte) ? TTY_SIGQUIT
		     : is_control(l, TTY_VSUSP, byte) ? TTY_SIGTSTP
						      : 0;

	if (!number || !is_set(l->settings.local, TTY_ISIG))
		return false;
	if (!is_set(l->settings.local, TTY_NOFLSH))
		line_flush(l);
	line_stop(l, false);
	if (is_set(l->settings.local, TTY_ECHO))
		echo_byte(l, byte);
	l->sink.signal(l->sink.context, number);
	return true;
}

static bool flow_input(struct line *l, uint8_t byte)
{
	if (!is_set(l->settings.input, TTY_IXON))
		return false;
	// VSTART first: where both are the same key, it turns about.
	if (is_control(l, TTY_VSTART, byte) && (l->stopped || !is_control(l, TTY_VSTOP, byte))) {
		line_stop(l, false);
		return true;
	}
	if (is_control(l, TTY_VSTOP, byte)) {
		line_stop(l, true);
		return true;
	}
	if (is_set(l->settings.input, TTY_IXANY))
		line_stop(l, false);
	return false;
}

// Editing keys. What is empty cannot be erased.
static bool edit_input(struct line *l, uint8_t byte)
{
	bool is_extended = is_set(l->settings.local, TTY_IEXTEN);
	bool is_empty = l->head == l->complete;

	if (is_control(l, TTY_VERASE, byte)) {
		if (!is_empty)
			erase_character(l);
	} else if (is_control(l, TTY_VKILL, byte)) {
		erase_line(l);
	} else if (is_extended && is_control(l, TTY_VWERASE, byte)) {
		erase_word(l);
	} else if (is_extended && is_control(l, TTY_VREPRINT, byte) &&
		   is_set(l->settings.local, TTY_ECHO)) {
		reprint(l);
	} else if (is_extended && is_control(l, TTY_VLNEXT, byte)) {
		l->literal = true;
		if (is_set(l->settings.local, TTY_ECHO) && is_set(l->settings.local, TTY_ECHOCTL))
			echo(l, "^\b", 2);
	} else {
		return false;
	}
	return true;
}

static bool is_line_end(const struct line *l, uint8_t byte)
{
	return byte == '\n' || is_control(l, TTY_VEOL, byte) ||
	       (is_set(l->settings.local, TTY_IEXTEN) && is_control(l, TTY_VEOL2, byte));
}

static void plain_input(struct line *l, uint8_t byte, bool is_end)
{
	uint32_t local = l->settings.local;

	// The last place is the line end's.
	if (l->head - l->tail >= LINE_SIZE - 1 && !is_end) {
		echo(l, "\a", 1);
		return;
	}
	if (l->head - l->tail >= LINE_SIZE)
		l->head--;
	if (is_end) {
		store(l, byte, MARK_END);
		if (is_set(local, TTY_ECHO) || (byte == '\n' && is_set(local, TTY_ECHONL)))
			echo_byte(l, byte);
		return;
	}
	store(l, byte, 0);
	if (is_set(local, TTY_ECHO))
		echo_byte(l, byte);
}

static bool translate(const struct line *l, uint8_t *byte)
{
	uint32_t input = l->settings.input;

	if (is_set(input, TTY_ISTRIP))
		*byte &= 0x7f;
	if (*byte == '\r' && is_set(input, TTY_IGNCR))
		return false;
	if (*byte == '\r' && is_set(input, TTY_ICRNL))
		*byte = '\n';
	else if (*byte == '\n' && is_set(input, TTY_INLCR))
		*byte = '\r';
	if (is_set(input, TTY_IUCLC) && *byte >= 'A' && *byte <= 'Z')
		*byte = (uint8_t)(*byte + 32);
	return true;
}

void line_input(struct line *l, uint8_t byte)
{
	if (l->literal) {
		l->literal = false;
		plain_input(l, byte, false);
		return;
	}
	if (flow_input(l, byte) || !translate(l, &byte) || signal_input(l, byte))
		return;
	if (!is_canonical(l)) {
		plain_input(l, byte, false);
		return;
	}
	if (edit_input(l, byte))
		return;
	if (is_control(l, TTY_VEOF, byte)) {
		if (l->head - l->tail >= LINE_SIZE)
			l->head--;
		store(l, 0, MARK_END | MARK_EOF);
		return;
	}
	plain_input(l, byte, is_line_end(l, byte));
}

// Where the next read ends.
static uint32_t read_end(const struct line *l)
{
	uint32_t i = l->tail;

	if (!is_canonical(l))
		return l->head;
	while (i != l->complete)
		if (l->marks[i++ % LINE_SIZE] & MARK_END)
			break;
	return i;
}

uint32_t line_available(const struct line *l, bool *ended)
{
	uint32_t end = read_end(l);
	bool has_eof = end != l->tail && l->marks[(end - 1) % LINE_SIZE] & MARK_EOF;

	*ended = is_canonical(l) && has_eof && end - l->tail == 1;
	return end - l->tail - (has_eof && is_canonical(l) ? 1 : 0);
}

uint32_t line_unread(const struct line *l)
{
	uint32_t end = is_canonical(l) ? l->complete : l->head, count = 0;

	for (uint32_t i = l->tail; i != end; i++)
		count += !(l->marks[i % LINE_SIZE] & MARK_EOF);
	return count;
}

uint32_t line_peek(const struct line *l, uint8_t *to, uint32_t size, uint32_t *used)
{
	uint32_t end = read_end(l), count = 0, i = l->tail;

	while (i != end && count < size) {
		uint8_t mark = l->marks[i % LINE_SIZE];

		if (!(mark & MARK_EOF))
			to[count++] = at(l, i);
		i++;
	}
	// An end of file right behind belongs to this read, unless it is all that is left.
	if (i != end && i != l->tail && l->marks[i % LINE_SIZE] & MARK_EOF)
		i++;
	*used = i - l->tail;
	return count;
}

void line_take(struct line *l, uint32_t used)
{
	l->tail += used;
}

void line_flush(struct line *l)
{
	l->head = l->complete = l->tail;
	l->literal = false;
	l->start_column = l->column;
}

void line_set(struct line *l, const struct line_settings *settings)
{
	bool was_canonical = is_canonical(l);

	l->settings = *settings;
	l->literal = false;
	if (!is_set(settings->input, TTY_IXON))
		line_stop(l, false);
	if (was_canonical == is_canonical(l))
		return;
	// What was typed before is a line of its own, or bytes like all others.
	if (is_canonical(l) && l->head != l->tail)
		l->marks[(l->head - 1) % LINE_SIZE] |= MARK_END;
	l->complete = l->head;
}

static uint32_t output_byte(struct line *l, uint8_t byte, uint8_t out[LINE_OUTPUT_MAX], bool translate_ends)
{
	uint32_t output = l->settings.output;
	uint32_t count = 0;

	if (!is_set(output, TTY_OPOST)) {
		out[0] = byte;
		return 1;
	}
	if (byte == '\r' && is_set(output, TTY_ONOCR) && !l->column)
		return 0;
	if (byte == '\r' && is_set(output, TTY_OCRNL))
		byte = '\n';
	if (byte == '\n' && is_set(output, TTY_ONLCR)) {
		l->column = 0;
		if (translate_ends)
			out[count++] = '\r';
	} else if (byte == '\n' && is_set(output, TTY_ONLRET)) {
		l->column = 0;
	} else if (byte == '\r') {
		l->column = 0;
	} else if (byte == '\b') {
		l->column -= l->column ? 1 : 0;
	} else if (byte == '\t') {
		uint32_t width = 8 - l->column % 8;

		l->column += width;
		if ((output & TTY_TABDLY) == TTY_TABDLY) {
			memset(out, ' ', width);
			return width;
		}
	} else if (byte >= 32) {
		l->column += (byte & 0xc0) == 0x80 && is_set(l->settings.input, TTY_IUTF8) ? 0 : 1;
	}
	if (is_set(output, TTY_OLCUC) && byte >= 'a' && byte <= 'z')
		byte = (uint8_t)(byte - 32);
	out[count++] = byte;
	return count;
}

uint32_t line_output_max(const struct line *l)
{
	return (l->settings.output & TTY_TABDLY) == TTY_TABDLY ? LINE_OUTPUT_MAX : 2;
}

uint32_t line_output(struct line *l, const uint8_t *from, uint32_t count, uint8_t *to,
		     uint32_t size, bool translate_ends, uint32_t *used)
{
	uint32_t made = 0, most = line_output_max(l);
	uint8_t out[LINE_OUTPUT_MAX];

	for (*used = 0; *used < count && size - made >= most; ++*used) {
		uint32_t n = output_byte(l, from[*used], out, translate_ends);

		memcpy(to + made, out, n);
		made += n;
	}
	return made;
}
