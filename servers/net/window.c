// Windows: memory mapped for one thread of a program, and what this server keeps for that thread.
//
// A window goes with its program. When all are taken, the idle one that was used longest ago is taken
// back: its owner hears -EFAULT and attaches again (protocol/file.def).
#include <stdlib.h>

#include "abi/gen/stubs.h"
#include "lib/rt/random.h"
#include "servers/net/net.h"

#define WINDOW_MAX 1024u
#define STAGED_EACH (2 * BUFFER_MAX)

static struct window *windows;
static const struct component_region *memory;
static uint32_t count;
static uint64_t now, staged_bytes;

bool window_init(void)
{
	memory = component_find_region("memory");
	if (!memory || !memory->frame)
		return false;
	count = (uint32_t)(memory->size / WINDOW_SIZE < WINDOW_MAX ? memory->size / WINDOW_SIZE : WINDOW_MAX);
	windows = calloc(count, sizeof(*windows));
	for (uint32_t i = 0; windows && i < count; i++) {
		windows[i].bytes = (uint8_t *)memory->address + (uint64_t)i * WINDOW_SIZE;
		windows[i].wait.window = &windows[i];
	}
	return windows && count;
}

struct window *window_find(uint64_t token)
{
	uint32_t i = token & 0xffff;

	if (i >= count || windows[i].token != token || !token)
		return NULL;
	windows[i].used = ++now;
	return &windows[i];
}

void window_data_drop(struct window *w)
{
	free(w->data);
	staged_bytes -= w->data_size;
	w->data = NULL;
	w->data_size = 0;
}

int64_t window_data_add(struct window *w, uint32_t size)
{
	uint8_t *grown;

	if (size > SOCKET_DATA_MAX || w->data_size + size > STAGED_EACH)
		return -EMSGSIZE;
	if (staged_bytes + size > component_get()->heap_size / 8)
		return -ENOBUFS;
	grown = realloc(w->data, w->data_size + size + 1);
	if (!grown)
		return -ENOBUFS;
	memcpy(grown + w->data_size, w->bytes, size);
	w->data = grown;
	w->data_size += size;
	staged_bytes += size;
	return 0;
}

void window_staged_drop(struct window *w)
{
	if (w->staged)
		rights_free(w->staged);
	w->staged = NULL;
	window_data_drop(w);
}

void window_received_drop(struct window *w)
{
	if (w->received)
		rights_free(w->received);
	w->received = NULL;
	window_fetched_set(w, NULL);
}

void window_fetched_set(struct window *w, struct packet *packet)
{
	if (packet)
		packet->references++;
	if (w->fetched)
		packet_put(w->fetched);
	w->fetched = packet;
}

static void window_free(struct window *w)
{
	wait_supersede(w);
	window_staged_drop(w);
	window_received_drop(w);
	if (w->slot)
		(void)cnode_delete(net.cnode, w->slot, 1);
	w->token = 0;
}

void window_client_end(uint64_t client)
{
	for (uint32_t i = 0; i < count; i++)
		if (windows[i].token && windows[i].client == client)
			window_free(&windows[i]);
}

void window_each(void (*fn)(struct window *w))
{
	for (uint32_t i = 0; i < count; i++)
		if (windows[i].token)
			fn(&windows[i]);
}

static void rights_each(const struct rights *rights, void (*fn)(struct socket *s))
{
	for (uint32_t i = rights ? rights->taken : 0; rights && i < rights->count; i++)
		if (rights->items[i].socket)
			fn(rights->items[i].socket);
}

void hook_each_kept(void (*fn)(struct socket *s))
{
	for (uint32_t i = 0; i < count; i++) {
		if (!windows[i].token)
			continue;
		rights_each(windows[i].staged, fn);
		rights_each(windows[i].received, fn);
	}
}

static bool is_idle(const struct window *w)
{
	return !w->wait.reply && !w->staged && !w->received && !w->data && !w->fetched;
}

static void end_if_gone(struct window *w)
{
	struct identity identity;

	if (!identity_get(w->client, 0, &identity, NULL))
		window_free(w);
}

void window_sweep(void)
{
	window_each(end_if_gone);
	// One that is only late is counted twice: that costs another sweep.
	net.clients_ended = net.ended_said;
	net.sweeps = false;
}

static struct window *free_find(void)
{
	for (uint32_t i = 0; i < count; i++)
		if (!windows[i].token)
			return &windows[i];
	return NULL;
}

static struct window *oldest_find(void)
{
	struct window *best = NULL;

	for (uint32_t i = 0; i < count; i++)
		if (is_idle(&windows[i]) && (!best || windows[i].used < best->used))
			best = &windows[i];
	return best;
}

// A program that has too many: its own that was used longest ago.
static struct window *client_window_find(uint64_t client)
{
	struct window *best = NULL;
	uint32_t has = 0;

	for (uint32_t i = 0; i < count; i++) {
		if (!windows[i].token || windows[i].client != client)
			continue;
		has++;
		if (!best || windows[i].used < best->used)
			best = &windows[i];
	}
	return has >= count / 2 ? best : NULL;
}

// The one to take: the caller's old one, a free one, one of a program that is gone, the one that was
// used longest ago. Null: all are needed.
static struct window *window_choose(uint64_t client, uint64_t old)
{
	struct window *w = window_find(old);

	if (w && w->client == client)
		return w;
	// No program has more than half of them.
	w = client_window_find(client);
	if (!w)
		w = free_find();
	if (!w) {
		window_each(end_if_gone);
		w = free_find();
	}
	return w ? w : oldest_find();
}

static bool window_prepare(struct window *w, uint64_t client)
{
	uint64_t random = 0;

	window_free(w);
	if (!w->slot)
		w->slot = slot_alloc();
	if (!w->slot)
		return false;
	memset(w->bytes, 0, WINDOW_SIZE);
	while (!random)
		rt_random(&random, 6);
	w->token = random << 16 | (uint32_t)(w - windows);
	w->client = client;
	w->used = ++now;
	return true;
}

void window_attach(uint64_t client, struct msg *m)
{
	uint64_t address = m->words[1];
	struct window *w = window_choose(client, m->words[0]);

	if (!w || !window_prepare(w, client)) {
		result_set(m, -ENOMEM);
		return;
	}
	sys_block()->items[0] = (struct abi_map_item){
		.source = memory->frame,
		.dest = w->slot,
		.address = address,
		.first = (uint32_t)(w - windows) * WINDOW_PAGES,
		.count = WINDOW_PAGES,
		.rights = FRAME_READ | FRAME_WRITE,
	};
	*m = (struct msg){.tag = TAG(0, 3) | TAG_ITEMS(1), .words = {0, w->token, WINDOW_SIZE}};
}
