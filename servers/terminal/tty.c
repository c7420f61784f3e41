#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "abi/gen/stubs.h"
#include "lib/rt/component.h"
#include "protocol/gen/control.h"
#include "protocol/linux.h"
#include "servers/terminal/linux_tty.h"
#include "servers/terminal/terminal.h"

#define PTY_GROUP 5u      // tty
#define PTY_MODE 0620u

struct tty console;

static struct tty *ttys[TTY_NUMBER_MAX];
static uint64_t generation;

// What is typed is shown. An echo that has no room is lost, as in Linux.
static void on_echo(void *context, const char *bytes, uint32_t count)
{
	struct tty *tty = context;
	bool ends = tty->line.settings.output & TTY_OPOST && tty->line.settings.output & TTY_ONLCR &&
		    (!tty->is_console || terminal.cooks);

	for (uint32_t i = 0; i < count; i++) {
		bool is_end = bytes[i] == '\n' && ends;

		if (tty_out_room(tty) < 2)
			return;
		tty_out_put(tty, is_end ? (const uint8_t *)"\r\n" : (const uint8_t *)&bytes[i],
			    is_end ? 2 : 1);
	}
}

static void on_signal(void *context, int number) { job_signal(context, number); }

static void on_flow(void *context, bool is_stopped)
{
	tty_packet(context, is_stopped ? TTY_PKT_STOP : TTY_PKT_START);
}

void tty_init(struct tty *tty, bool is_console)
{
	const struct line_sink sink = {on_echo, on_signal, tty, on_flow};

	memset(tty, 0, sizeof(*tty));
	tty->is_console = is_console;
	line_init(&tty->line, &sink);
}

struct tty *tty_find(uint32_t number)
{
	return number < TTY_NUMBER_MAX ? ttys[number] : NULL;
}

struct tty *tty_of_session(uint32_t sid)
{
	job_console_start();
	if (console.sid == sid)
		return &console;
	for (uint32_t i = 0; i < TTY_NUMBER_MAX; i++)
		if (ttys[i] && !ttys[i]->hung && ttys[i]->sid == sid)
			return ttys[i];
	return NULL;
}

// The node in /dev/pts; without a device it goes away.
static int64_t node_set(uint32_t number, cap_t device, uint32_t uid)
{
	uint64_t result = 0;
	err_t err = control_terminal_node(component_get_cap("file"), TTY_DEVICE_PTY | number, HANDLE_DEVICE_TERMINAL,
				 PTY_MODE, uid | (uint64_t)PTY_GROUP << 32, device, &result);

	return err ? -EIO : (int64_t)result;
}

static void node_remove(struct tty *tty)
{
	uint64_t result = 0;

	if (!tty->device)
		return;
	(void)control_terminal_remove(component_get_cap("file"), TTY_DEVICE_PTY | tty->number, &result);
	(void)cnode_delete(component_get_cap("cnode"), tty->device, 1);
	slot_free(tty->device);
	tty->device = 0;
}

static int64_t pty_set_up(struct tty *tty, const struct speaker *owner)
{
	cap_t cnode = component_get_cap("cnode");

	tty->out = malloc(TTY_OUT_SIZE);
	tty->device = slot_alloc();
	if (!tty->out || !tty->device)
		return -ENOMEM;
	// A capability of an earlier terminal of this number opens nothing.
	tty->badge = BADGE_PTY | (++generation & 0xffffffff) << 16 | tty->number;
	if (cnode_derive(cnode, tty->device, cnode, terminal.server.endpoint,
			 ENDPOINT_SEND | ENDPOINT_GRANT, tty->badge, 0))
		return -ENOMEM;
	return node_set(tty->number, tty->device, owner ? owner->uid : 0);
}

static void tty_free(struct tty *tty)
{
	node_remove(tty);
	ttys[tty->number] = NULL;
	free(tty->out);
	free(tty);
}

struct tty *tty_make(const struct speaker *owner, int64_t *error)
{
	struct tty *tty;
	uint32_t number = 0;

	while (number < TTY_NUMBER_MAX && ttys[number])
		number++;
	*error = -ENOSPC;
	if (number == TTY_NUMBER_MAX)
		return NULL;
	*error = -ENOMEM;
	tty = malloc(sizeof(*tty));
	if (!tty)
		return NULL;
	tty_init(tty, false);
	tty->line.settings.input = TTY_ICRNL | TTY_IXON;
	tty->number = number;
	tty->locked = true;
	ttys[number] = tty;
	*error = pty_set_up(tty, owner);
	if (!*error)
		return tty;
	tty_free(tty);
	return NULL;
}

void tty_open(struct tty *tty, bool is_master)
{
	if (tty->is_console)
		return;
	tty->users++;
	*(is_master ? &tty->masters : &tty->slaves) += 1;
	tty->had_slave |= !is_master;
}

void tty_close(struct tty *tty, bool is_master)
{
	if (tty->is_console)
		return;
	tty->users--;
	*(is_master ? &tty->masters : &tty->slaves) -= 1;
	if (is_master && !tty->masters) {
		node_remove(tty);
		job_hang_up(tty);
		line_flush(&tty->line);
		tty->out_tail = tty->out_head;
		tty->line.stopped = false;
	}
	// A session keeps a hung-up terminal until its leader has ended.
	if (!tty->users)
		tty_free(tty);
}

uint32_t tty_out_count(const struct tty *tty) { return tty->out_head - tty->out_tail; }

uint32_t tty_out_room(const struct tty *tty)
{
	if (!tty->is_console)
		return TTY_OUT_SIZE - tty_out_count(tty);
	return terminal.tty_ring < 0 ? 0 : ring_room(&terminal.rings[terminal.tty_ring]);
}

void tty_out_put(struct tty *tty, const uint8_t *bytes, uint32_t count)
{
	if (tty->is_console) {
		ring_store(&terminal.rings[terminal.tty_ring], 0, bytes, count);
		ring_publish(terminal.tty_ring, count);
		return;
	}
	for (uint32_t i = 0; i < count; i++)
		tty->out[tty->out_head++ % TTY_OUT_SIZE] = bytes[i];
}

uint32_t tty_out_get(const struct tty *tty, uint8_t *to, uint32_t size)
{
	uint32_t count = tty_out_count(tty) < size ? tty_out_count(tty) : size;

	for (uint32_t i = 0; i < count; i++)
		to[i] = tty->out[(tty->out_tail + i) % TTY_OUT_SIZE];
	return count;
}

void tty_out_take(struct tty *tty, uint32_t count) { tty->out_tail += count; }

void tty_packet(struct tty *tty, uint8_t bits)
{
	uint8_t without = bits & TTY_PKT_STOP ? TTY_PKT_START : bits & TTY_PKT_START ? TTY_PKT_STOP
			  : bits & TTY_PKT_NOSTOP ? TTY_PKT_DOSTOP
			  : bits & TTY_PKT_DOSTOP ? TTY_PKT_NOSTOP : 0;

	if (tty->packet)
		tty->packet_status = (uint8_t)((tty->packet_status & ~without) | bits);
}

void tty_flush(struct tty *tty, bool input, bool output)
{
	if (input)
		line_flush(&tty->line);
	if (output && !tty->is_console)
		tty->out_tail = tty->out_head;
	tty_packet(tty, (uint8_t)((input ? TTY_PKT_FLUSHREAD : 0) | (output ? TTY_PKT_FLUSHWRITE : 0)));
}

void tty_size_set(struct tty *tty, uint16_t rows, uint16_t columns, uint16_t x, uint16_t y)
{
	if (tty->rows == rows && tty->columns == columns && tty->x == x && tty->y == y)
		return;
	tty->rows = rows;
	tty->columns = columns;
	tty->x = x;
	tty->y = y;
	job_signal(tty, TTY_SIGWINCH);
}
