#include "drivers/pc_console/emulator.h"

#include <vterm.h>

#define INK 0xaa
#define UNDERLINE_INK 0x55ffff  // an underlined character has a colour of its own, as on a VGA

static struct {
	VTerm *vterm;
	VTermScreen *view;
	struct screen *screen;
	VTermPos cursor;
	bool hides_cursor;
	void (*answer)(const char *bytes, size_t length);
} emulator;

static uint32_t colour_get(VTermColor colour)
{
	vterm_screen_convert_color_to_rgb(emulator.view, &colour);
	return (uint32_t)colour.rgb.red << 16 | (uint32_t)colour.rgb.green << 8 | colour.rgb.blue;
}

static void cell_show(VTermPos at)
{
	bool is_cursor = at.row == emulator.cursor.row && at.col == emulator.cursor.col &&
			 !emulator.hides_cursor;
	struct screen_cell shown;
	VTermScreenCell cell;

	if (!vterm_screen_get_cell(emulator.view, at, &cell))
		return;
	// The right half of a wide character has the value -1.
	shown.character = cell.chars[0] && cell.chars[0] != UINT32_MAX ? cell.chars[0] : ' ';
	shown.ink = colour_get(cell.fg);
	shown.paper = colour_get(cell.bg);
	if (cell.attrs.underline)
		shown.ink = UNDERLINE_INK;
	if (!!cell.attrs.reverse ^ is_cursor) {
		uint32_t ink = shown.ink;

		shown.ink = shown.paper;
		shown.paper = ink;
	}
	screen_draw(emulator.screen, (uint32_t)at.row, (uint32_t)at.col, shown);
}

static int on_damage(VTermRect rect, void *user)
{
	(void)user;
	for (int row = rect.start_row; row < rect.end_row; row++)
		for (int column = rect.start_col; column < rect.end_col; column++)
			cell_show((VTermPos){row, column});
	return 1;
}

static int on_cursor(VTermPos to, VTermPos from, int visible, void *user)
{
	(void)user;
	(void)visible;
	emulator.cursor = to;
	cell_show(from);
	cell_show(to);
	return 1;
}

static int on_property(VTermProp property, VTermValue *value, void *user)
{
	(void)user;
	if (property == VTERM_PROP_CURSORVISIBLE) {
		emulator.hides_cursor = !value->boolean;
		cell_show(emulator.cursor);
	}
	return 1;
}

static void on_answer(const char *bytes, size_t length, void *user)
{
	(void)user;
	emulator.answer(bytes, length);
}

bool emulator_open(struct screen *screen, void (*answer)(const char *bytes, size_t length))
{
	static const VTermScreenCallbacks callbacks = {
		.damage = on_damage, .movecursor = on_cursor, .settermprop = on_property,
	};
	VTermColor ink, paper;

	emulator.screen = screen;
	emulator.answer = answer;
	emulator.vterm = vterm_new((int)screen->rows, (int)screen->columns);
	if (!emulator.vterm)
		return false;
	vterm_set_utf8(emulator.vterm, 1);
	vterm_output_set_callback(emulator.vterm, on_answer, NULL);
	emulator.view = vterm_obtain_screen(emulator.vterm);
	vterm_color_rgb(&ink, INK, INK, INK);
	vterm_color_rgb(&paper, 0, 0, 0);
	vterm_state_set_default_colors(vterm_obtain_state(emulator.vterm), &ink, &paper);
	vterm_state_set_bold_highbright(vterm_obtain_state(emulator.vterm), 1);
	vterm_screen_enable_altscreen(emulator.view, 1);
	vterm_screen_set_callbacks(emulator.view, &callbacks, NULL);
	vterm_screen_set_damage_merge(emulator.view, VTERM_DAMAGE_SCROLL);
	vterm_screen_reset(emulator.view, 1);
	return true;
}

void emulator_write(const uint8_t *bytes, size_t length)
{
	vterm_input_write(emulator.vterm, (const char *)bytes, length);
}

void emulator_show(void) { vterm_screen_flush_damage(emulator.view); }

static VTermKey key_code(unsigned special)
{
	static const VTermKey codes[KEY_FUNCTION] = {
		[KEY_ENTER] = VTERM_KEY_ENTER, [KEY_TAB] = VTERM_KEY_TAB,
		[KEY_BACKSPACE] = VTERM_KEY_BACKSPACE, [KEY_ESCAPE] = VTERM_KEY_ESCAPE,
		[KEY_UP] = VTERM_KEY_UP, [KEY_DOWN] = VTERM_KEY_DOWN, [KEY_LEFT] = VTERM_KEY_LEFT,
		[KEY_RIGHT] = VTERM_KEY_RIGHT, [KEY_INSERT] = VTERM_KEY_INS,
		[KEY_DELETE] = VTERM_KEY_DEL, [KEY_HOME] = VTERM_KEY_HOME, [KEY_END] = VTERM_KEY_END,
		[KEY_PAGE_UP] = VTERM_KEY_PAGEUP, [KEY_PAGE_DOWN] = VTERM_KEY_PAGEDOWN,
	};

	return special > KEY_FUNCTION ? (VTermKey)VTERM_KEY_FUNCTION((int)(special - KEY_FUNCTION))
				      : codes[special];
}

void emulator_key(const struct key *key)
{
	VTermModifier alt = key->alt ? VTERM_MOD_ALT : VTERM_MOD_NONE;
	unsigned others = (key->shift ? VTERM_MOD_SHIFT : 0u) | (key->control ? VTERM_MOD_CTRL : 0u);

	if (key->special == KEY_NUL)
		emulator.answer("", 1);
	else if (key->special)
		vterm_keyboard_key(emulator.vterm, key_code(key->special),
				   (VTermModifier)(alt | others));
	else
		vterm_keyboard_unichar(emulator.vterm, key->character, alt);
}
