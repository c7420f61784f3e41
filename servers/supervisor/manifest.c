#include <string.h>

#include "servers/supervisor/manifest.h"

#define WORDS_MAX 8
#define LINE_MAX 200

struct line {
	char text[LINE_MAX];
	char *words[WORDS_MAX];
	uint32_t count;
};

// Each reader gets the words after its keyword and returns null or what is wrong.
typedef const char *(*reader)(struct manifest_component *c, char **words);

static bool digit_value(char c, uint32_t *value)
{
	if (c >= '0' && c <= '9')
		*value = (uint32_t)(c - '0');
	else if (c >= 'a' && c <= 'f')
		*value = (uint32_t)(c - 'a' + 10);
	else
		return false;
	return true;
}

// A number, decimal or 0x..., up to one of the characters of `ends`, which *end names.
static bool number_scan(const char *word, const char *ends, uint64_t *value, char *end)
{
	uint32_t base = !strncmp(word, "0x", 2) ? 16 : 10;
	const char *p = base == 16 ? word + 2 : word;
	const char *start = p;
	uint32_t digit;

	for (*value = 0; digit_value(*p, &digit) && digit < base; p++) {
		if (*value > UINT64_MAX >> 24)
			return false;
		*value = *value * base + digit;
	}
	*end = *p;
	return p != start && (!*p || (strchr(ends, *p) && !p[1]));
}

static bool number_read(const char *word, uint64_t most, uint32_t *value)
{
	uint64_t wide;
	char end;

	if (!number_scan(word, "", &wide, &end) || wide > most)
		return false;
	*value = (uint32_t)wide;
	return true;
}

static bool size_read(const char *word, uint64_t *bytes)
{
	char unit;

	if (!number_scan(word, "KMG", bytes, &unit) || *bytes > 1ull << 24)
		return false;
	*bytes <<= unit == 'G' ? 30 : unit == 'M' ? 20 : unit == 'K' ? 10 : 0;
	return true;
}

static bool is_power(uint64_t value) { return value && !(value & (value - 1)); }

static bool word_copy(char *to, size_t size, const char *word)
{
	size_t length = strlen(word);

	if (length >= size)
		return false;
	memcpy(to, word, length + 1);
	return true;
}

static const char *amount_read(struct manifest_amount *amount, char **words)
{
	uint64_t value;
	char unit;

	if (number_scan(words[0], "%", &value, &unit) && unit == '%') {
		if (!value || value > 100)
			return "a share is 1% to 100%";
		amount->percent = (uint32_t)value;
		if (!words[1])
			return NULL;
		if (!size_read(words[1], &amount->bytes) || !words[2] ||
		    !size_read(words[2], &amount->most) || amount->most < amount->bytes)
			return "after a share come its least and its most, or nothing";
		return NULL;
	}
	return !size_read(words[0], &amount->bytes) || words[1] ? "no amount of memory" : NULL;
}

static const char *read_program(struct manifest_component *c, char **words)
{
	return word_copy(c->program, sizeof(c->program), words[0]) ? NULL : "the path is too long";
}

static const char *read_priority(struct manifest_component *c, char **words)
{
	return number_read(words[0], 63, &c->priority) ? NULL : "a priority is 0 to 63";
}

static const char *slots_read(const char *word, uint32_t *slots)
{
	bool good = number_read(word, 65536, slots) && *slots >= 64 && is_power(*slots);

	return good ? NULL : "slots are a power of two, 64 to 65536";
}

static const char *read_slots(struct manifest_component *c, char **words)
{
	return slots_read(words[0], &c->slots);
}

static const char *read_more_slots(struct manifest_component *c, char **words)
{
	return slots_read(words[0], &c->more_slots);
}

static const char *read_replies(struct manifest_component *c, char **words)
{
	return number_read(words[0], 4096, &c->replies) ? NULL : "replies are at most 4096";
}

static const char *read_contexts(struct manifest_component *c, char **words)
{
	return number_read(words[0], 16, &c->contexts) ? NULL : "contexts are at most 16";
}

static const char *read_heap(struct manifest_component *c, char **words)
{
	return amount_read(&c->heap, words);
}

static const char *read_memory(struct manifest_component *c, char **words)
{
	return amount_read(&c->memory, words);
}

static const char *read_untyped(struct manifest_component *c, char **words)
{
	return amount_read(&c->untyped, words);
}

static const char *read_dma(struct manifest_component *c, char **words)
{
	bool good = size_read(words[0], &c->dma) && is_power(c->dma) && c->dma >= 4096;

	return good ? NULL : "dma memory is a power of two, 4K at least";
}

static const char *read_file(struct manifest_component *c, char **words)
{
	if (!words[1] || strcmp(words[1], "as") || !words[2])
		return "file PATH as NAME";
	return word_copy(c->file, sizeof(c->file), words[0]) &&
			       word_copy(c->file_name, sizeof(c->file_name), words[2])
		       ? NULL : "the path or the name is too long";
}

static const char *read_ioport(struct manifest_component *c, char **words)
{
	struct manifest_ports *ports = &c->ports[c->ports_count];

	if (c->ports_count == MANIFEST_LINES_MAX)
		return "too many lines of that kind";
	if (!number_read(words[0], 65535, &ports->first) || !words[1] ||
	    !number_read(words[1], 65536, &ports->count) || !ports->count ||
	    ports->first + ports->count > 65536)
		return "ioport FIRST COUNT, below 65536";
	c->ports_count++;
	return NULL;
}

static const char *read_irq(struct manifest_component *c, char **words)
{
	if (c->irq_count == MANIFEST_LINES_MAX)
		return "too many lines of that kind";
	return number_read(words[0], 255, &c->irqs[c->irq_count++]) ? NULL
								    : "an interrupt line is 0 to 255";
}

static const char *read_pci(struct manifest_component *c, char **words)
{
	uint32_t vendor, device;
	bool good = words[1] && number_read(words[0], 0xfffe, &vendor) &&
		    number_read(words[1], 0xffff, &device);

	if (!good)
		return "pci VENDOR DEVICE";
	c->pci = vendor << 16 | device;
	return NULL;
}

static const char *read_give(struct manifest_component *c, char **words)
{
	const struct {
		const char *word;
		bool *flag;
	} flags[] = {
		{"endpoint", &c->has_endpoint}, {"notification", &c->has_notification},
		{"image", &c->has_image}, {"names", &c->has_names},
		{"schedcontrol", &c->has_schedcontrol}, {"power_off", &c->may_power_off},
		{"dispensable", &c->is_dispensable}, {"log", &c->takes_log},
		{"command_line", &c->has_command_line}, {"framebuffer", &c->has_framebuffer},
	};

	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		if (!strcmp(words[-1], flags[i].word)) {
			*flags[i].flag = true;
			return NULL;
		}
	return "unknown word";
}

static const char *read_uses(struct manifest_component *c, char **words)
{
	struct manifest_use *use = &c->uses[c->use_count];

	if (c->use_count == MANIFEST_USES_MAX)
		return "too many lines of that kind";
	if (!words[1] || strcmp(words[1], "badge") || !words[2] || !words[3] ||
	    strcmp(words[3], "as") || !words[4])
		return "uses SERVER badge N as NAME";
	use->badge = 0;
	if (strcmp(words[2], "any") && (!number_read(words[2], 15, &use->badge) || !use->badge))
		return "badges of the manifest are 1 to 15";
	c->use_count++;
	return word_copy(use->server, sizeof(use->server), words[0]) &&
			       word_copy(use->name, sizeof(use->name), words[4])
		       ? NULL : "the name is too long";
}

static const struct {
	const char *word;
	reader read;
	uint32_t least;  // words that must follow
} keywords[] = {
	{"program", read_program, 1}, {"priority", read_priority, 1}, {"slots", read_slots, 1},
	{"more_slots", read_more_slots, 1},
	{"replies", read_replies, 1}, {"contexts", read_contexts, 1}, {"heap", read_heap, 1},
	{"memory", read_memory, 1}, {"untyped", read_untyped, 1}, {"dma", read_dma, 1},
	{"file", read_file, 1}, {"ioport", read_ioport, 1}, {"irq", read_irq, 1},
	{"pci", read_pci, 1}, {"uses", read_uses, 1},
};

static void words_split(struct line *line)
{
	char *p = line->text;

	line->count = 0;
	memset(line->words, 0, sizeof(line->words));
	p[strcspn(p, "#")] = 0;
	while (line->count < WORDS_MAX - 1) {
		p += strspn(p, " \t\r");
		if (!*p)
			return;
		line->words[line->count++] = p;
		p += strcspn(p, " \t\r");
		if (*p)
			*p++ = 0;
	}
}

static const char *component_begin(struct manifest *m, struct line *line, uint32_t number)
{
	struct manifest_component *c;

	if (line->count != 2)
		return "component NAME";
	if (m->count == MANIFEST_COMPONENTS_MAX)
		return "too many components";
	if (manifest_find(m, line->words[1]) >= 0)
		return "there is a component of that name";
	c = &m->components[m->count];
	*c = (struct manifest_component){.line = number, .slots = 256, .priority = 40,
					 .heap = {.bytes = 64 * 1024}};
	if (!word_copy(c->name, sizeof(c->name), line->words[1]))
		return "the name is too long";
	m->count++;
	return NULL;
}

static const char *line_read(struct manifest *m, struct line *line, uint32_t number)
{
	struct manifest_component *c = m->count ? &m->components[m->count - 1] : NULL;

	if (!line->count)
		return NULL;
	if (!strcmp(line->words[0], "component"))
		return component_begin(m, line, number);
	if (!c)
		return "a component must come first";
	for (size_t i = 0; i < sizeof(keywords) / sizeof(keywords[0]); i++) {
		if (strcmp(line->words[0], keywords[i].word))
			continue;
		if (line->count <= keywords[i].least)
			return "something is missing";
		return keywords[i].read(c, line->words + 1);
	}
	return line->count == 1 ? read_give(c, line->words + 1) : "unknown word";
}

// What can be said only when all is read.
static const char *component_check(const struct manifest *m, const struct manifest_component *c)
{
	if (!c->program[0])
		return "the component has no program";
	if (c->replies && !c->has_endpoint)
		return "replies without an endpoint";
	if (c->takes_log && !c->has_endpoint)
		return "log without an endpoint";
	for (uint32_t i = 0; i < c->use_count; i++) {
		int server = manifest_find(m, c->uses[i].server);

		if (server < 0 || !m->components[server].has_endpoint)
			return "it uses a server that is not there or has no endpoint";
	}
	return NULL;
}

int manifest_find(const struct manifest *m, const char *name)
{
	for (uint32_t i = 0; i < m->count; i++)
		if (!strcmp(m->components[i].name, name))
			return (int)i;
	return -1;
}

int manifest_find_log(const struct manifest *m)
{
	for (uint32_t i = 0; i < m->count; i++)
		if (m->components[i].takes_log)
			return (int)i;
	return -1;
}

bool manifest_parse(const char *text, size_t length, struct manifest *m,
		    struct manifest_error *error)
{
	struct line line;

	m->count = 0;
	*error = (struct manifest_error){0};
	for (size_t at = 0; at < length && !error->text; error->line++) {
		const char *end = memchr(text + at, '\n', length - at);
		size_t count = end ? (size_t)(end - (text + at)) : length - at;

		if (count >= LINE_MAX) {
			error->text = "the line is too long";
			continue;
		}
		memcpy(line.text, text + at, count);
		line.text[count] = 0;
		words_split(&line);
		error->text = line_read(m, &line, error->line + 1);
		at += count + 1;
	}
	for (uint32_t i = 0; i < m->count && !error->text; i++) {
		error->line = m->components[i].line;
		error->text = component_check(m, &m->components[i]);
	}
	return !error->text;
}
