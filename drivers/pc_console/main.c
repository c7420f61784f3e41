// The console of a PC, as a device of the console class (protocol/console.def): what programs write goes to
// the screen and to the first serial port, what is typed on the keyboard or comes on the line goes to
// them. It takes the components' log lines, too, and plays the host (abi/control.h): it says what is to
// be run.
//
// Words of the command line: program=PATH is run in place of /bin/sh; serial=off leaves the serial port
// alone. Without a framebuffer there is the serial line only; without both, nothing to see.
//
// Nothing is lost to a slow line: what the port does not take stays in the ring, and the program waits.
#include <stdlib.h>
#include <string.h>

#include "abi/control.h"
#include "abi/gen/stubs.h"
#include "drivers/pc_console/emulator.h"
#include "drivers/pc_console/host.h"
#include "lib/boot/command_line.h"
#include "lib/drv/console.h"
#include "lib/drv/log_buffer.h"
#include "lib/drv/serial.h"
#include "lib/msg/server.h"
#include "lib/rt/component.h"
#include "lib/rt/rt.h"
#include "protocol/gen/log.h"

#define SIGNAL_SERIAL 1
#define SIGNAL_KEYBOARD 2
#define SIGNAL_CONSUMER 4
#define PIECE 256        // bytes for the screen and the line at a time
#define INPUT_WAITS 1024 // what was typed and nobody has read yet
#define ROWS 24          // of a terminal at the serial line
#define COLUMNS 80

static struct {
	struct console_service service;
	struct ring_end in, out, err, frames_in, frames_out;
	struct serial serial;
	struct keyboard keyboard;
	struct screen screen;
	struct font font;
	bool has_screen;
	cap_t interrupts;  // of the serial line, then of the keyboard
	struct log_buffer log;
	const struct names *names;
	uint8_t sending[PIECE];  // shown on the screen, and not yet on the line
	uint32_t sending_at, sending_count;
	uint8_t typed[INPUT_WAITS];
	uint32_t typed_count;
} pc;

static _Noreturn void give_up(const char *why)
{
	rt_log("%s", why);
	rt_exit(1);
}

// What does not fit is lost, as on any terminal whose program does not read.
static void type(const char *bytes, size_t length)
{
	for (size_t i = 0; i < length && pc.typed_count < INPUT_WAITS; i++)
		pc.typed[pc.typed_count++] = (uint8_t)bytes[i];
}

static void input_collect(void)
{
	struct key key;
	uint8_t byte;

	while (serial_receive(&pc.serial, &byte))
		type((const char *)&byte, 1);
	while (pc.has_screen && keyboard_read(&pc.keyboard, &key))
		emulator_key(&key);
}

static bool input_pump(void)
{
	uint32_t count;

	input_collect();
	while (pc.typed_count) {
		count = ring_room_max(&pc.in, pc.typed_count);
		ring_store(&pc.in, 0, pc.typed, count);
		ring_advance(&pc.in, count);
		pc.typed_count -= count;
		memmove(pc.typed, pc.typed + count, pc.typed_count);
		if (!count && ring_sleep(&pc.in, 1))
			break;
	}
	return ring_wake(&pc.in);
}

// True: the line has taken all there was for it.
static bool line_drain(void)
{
	if (!pc.serial.is_there)
		pc.sending_at = pc.sending_count;
	while (pc.sending_at < pc.sending_count && serial_can_send(&pc.serial))
		for (unsigned i = 0; i < SERIAL_FIFO_BYTES && pc.sending_at < pc.sending_count; i++)
			serial_send(&pc.serial, pc.sending[pc.sending_at++]);
	return pc.sending_at == pc.sending_count;
}

// Both see the same bytes in the same order.
static void output(const uint8_t *bytes, uint32_t count)
{
	if (pc.has_screen)
		emulator_write(bytes, count);
	memcpy(pc.sending, bytes, count);
	pc.sending_at = 0;
	pc.sending_count = count;
}

static bool log_pump(void)
{
	uint8_t piece[PIECE];
	uint32_t count = 0;

	while (count < PIECE && log_buffer_take(&pc.log, (char *)&piece[count]))
		count++;
	output(piece, count);
	return count;
}

static bool ring_pump(struct ring_end *ring)
{
	uint8_t piece[PIECE];
	uint32_t count = ring_room_max(ring, PIECE);

	ring_load(ring, 0, piece, count);
	output(piece, count);
	ring_advance(ring, count);
	return count;
}

// False: everything has been written, and each ring has been told that this side sleeps.
static bool output_step(void)
{
	return log_pump() || ring_pump(&pc.out) || ring_pump(&pc.err) || !ring_sleep(&pc.out, 1) ||
	       !ring_sleep(&pc.err, 1);
}

static bool output_pump(void)
{
	bool is_free, wake;

	do
		is_free = line_drain();
	while (is_free && output_step());
	serial_enable(&pc.serial, !is_free, true);
	if (pc.has_screen)
		emulator_show();
	wake = ring_wake(&pc.out);
	return ring_wake(&pc.err) || wake;
}

static void pump(void)
{
	bool wake = input_pump();

	wake |= output_pump();
	wake |= host_pump(&pc.frames_out);
	wake |= ring_wake(&pc.frames_in);
	if (wake)
		console_wake(&pc.service);
}

static void interrupt_serve(uint64_t bits)
{
	if (bits & SIGNAL_SERIAL)
		serial_acknowledge(&pc.serial);
	pump();
	if (bits & SIGNAL_SERIAL)
		(void)interrupt_ack(pc.interrupts);
	if (bits & SIGNAL_KEYBOARD)
		(void)interrupt_ack(pc.interrupts + 1);
}

static void handle(struct server *server, struct msg *m)
{
	(void)server;
	if (tag_kind(m->tag) == KIND_NOTIFICATION) {
		interrupt_serve(m->badge);
	} else if (tag_kind(m->tag) == KIND_MESSAGE && tag_label(m->tag) == LOG_WRITE) {
		int64_t result = log_buffer_serve(&pc.log, pc.names, m);

		pump();
		*m = (struct msg){.tag = TAG(0, 1), .words = {(uint64_t)result}};
	} else {
		// Who may write to the log may not take the console over.
		if (m->badge >= NAMES_BADGE)
			m->tag &= ~(tag_t)TAG_LABEL_MASK;
		console_serve(&pc.service, m);
	}
}

static void interrupts_init(void)
{
	cap_t first = component_get_cap("irq");

	if (thread_bind(component_get_cap("thread"), component_get_cap("notification")))
		give_up("no notification");
	for (unsigned i = 0; i < 2; i++) {
		cap_t signal = console_signal_make(1ull << i);

		if (!signal || interrupt_bind(first + i, signal) || interrupt_ack(first + i))
			give_up("no interrupt");
	}
	pc.interrupts = first;
}

static void screen_init(const char *line)
{
	const struct component_region *pixels = component_find_region("framebuffer");
	const struct component_region *font = component_find_region("font");
	struct framebuffer frame;

	if (!pixels || !framebuffer_parse(line, &frame))
		return;
	if (!font || !font_open(&pc.font, (const void *)(uintptr_t)font->address, font->size)) {
		rt_log("the font cannot be read; the screen stays dark");
		return;
	}
	pc.has_screen = screen_open(&pc.screen, &frame,
				    (uint8_t *)(uintptr_t)pixels->address + frame.address % PAGE_SIZE,
				    &pc.font) &&
			emulator_open(&pc.screen, type);
}

static void rings_init(void)
{
	const struct component_region *memory = component_find_region("memory");

	if (!memory || memory->size < CONSOLE_SIZE)
		give_up("no region named memory, or too small");
	if (!console_init(&pc.service, (void *)(uintptr_t)memory->address, memory->frame,
			  SIGNAL_CONSUMER))
		give_up("no slots");
	pc.service.pump = pump;
	console_place_ring(&pc.service, CONSOLE_IN, &pc.in, true);
	console_place_ring(&pc.service, CONSOLE_OUT, &pc.out, false);
	console_place_ring(&pc.service, CONSOLE_ERR, &pc.err, false);
	console_place_ring(&pc.service, CONSOLE_CONTROL_IN, &pc.frames_in, true);
	console_place_ring(&pc.service, CONSOLE_CONTROL_OUT, &pc.frames_out, false);
}

int main(void)
{
	const struct component_region *names = component_find_region("names");
	const struct component_region *region = component_find_region("command_line");
	const char *line = region ? (const char *)(uintptr_t)region->address : "";
	const char *serial = command_line_find(line, "serial=");
	cap_t ports = component_get_cap("ioport");
	struct server server;
	uint32_t count;
	cap_t replies = component_find_cap("replies", &count);

	if (names && names->size >= sizeof(struct names))
		pc.names = (const struct names *)(uintptr_t)names->address;
	rings_init();
	screen_init(line);
	serial_init(&pc.serial, ports);
	if (serial && !strncmp(serial, "off", 3))
		pc.serial.is_there = false;
	keyboard_init(&pc.keyboard, ports + 1);
	interrupts_init();
	host_start(&pc.frames_in, line, pc.has_screen ? pc.screen.rows : ROWS,
		   pc.has_screen ? pc.screen.columns : COLUMNS);
	pump();
	if (!server_make(&server, component_get_cap("endpoint"), replies, count))
		return 1;
	server_run(&server, handle);
}
