// Transfer windows: 16 KiB each of the region "memory", mapped for one thread of a client.
//
// A token is the window's number and 48 random bits. When all are taken, the one that was used
// longest ago and that no waiting request needs is taken back; its owner hears -EFAULT and attaches
// again (protocol/file.def). So windows of threads that are gone need no bookkeeping.
#include <errno.h>
#include <string.h>

#include "abi/gen/stubs.h"
#include "lib/rt/component.h"
#include "lib/rt/random.h"
#include "protocol/linux.h"
#include "servers/terminal/terminal.h"

#define WINDOW_MAX 64
#define WINDOW_PAGES (WINDOW_SIZE / PAGE_SIZE)

static struct {
	cap_t slot;
	uint64_t token;  // 0: free
	uint64_t used;   // when
	uint64_t speaker;  // badge of the capability on which it was attached
} windows[WINDOW_MAX];

static const struct component_region *memory;
static uint64_t now;
static unsigned count;

bool window_init(void)
{
	memory = component_find_region("memory");
	if (!memory)
		return false;
	for (count = 0; count < WINDOW_MAX && (count + 1) * WINDOW_SIZE <= memory->size; count++) {
		windows[count].slot = slot_alloc();
		if (!windows[count].slot)
			break;
	}
	return count != 0;
}

static uint8_t *window_memory(unsigned i)
{
	return (uint8_t *)(uintptr_t)(memory->address + (uint64_t)i * WINDOW_SIZE);
}

uint8_t *window_find(uint64_t token)
{
	unsigned i = token & 0xffff;

	if (!token || i >= count || windows[i].token != token)
		return NULL;
	windows[i].used = ++now;
	return window_memory(i);
}

uint64_t window_speaker(uint64_t token)
{
	return window_find(token) ? windows[token & 0xffff].speaker : 0;
}

// The one to take: the caller's old one, a free one, the least recently used. -1: all are needed.
static int window_choose(uint64_t old)
{
	int best = -1;

	if (window_find(old))
		return (int)(old & 0xffff);
	for (unsigned i = 0; i < count; i++) {
		if (!windows[i].token)
			return (int)i;
		if (!request_has_token(windows[i].token) &&
		    (best < 0 || windows[i].used < windows[best].used))
			best = (int)i;
	}
	return best;
}

static uint64_t token_make(unsigned i)
{
	uint64_t random = 0;

	while (!random)
		rt_random(&random, 6);
	return random << 16 | i;
}

void window_attach(struct msg *m)
{
	uint64_t address = m->words[1];
	int i = window_choose(m->words[0]);

	if (i < 0) {
		result_set(m, -ENOMEM);
		return;
	}
	request_supersede(windows[i].token);
	if (m->words[0] && m->words[0] == windows[i].token)
		arming_clear(NULL, windows[i].token);
	(void)cnode_delete(component_find_cap("cnode", NULL), windows[i].slot, 1);
	memset(window_memory((unsigned)i), 0, WINDOW_SIZE);
	windows[i].token = token_make((unsigned)i);
	windows[i].used = ++now;
	windows[i].speaker = m->badge >> 63 ? m->badge : 0;
	sys_block()->items[0] = (struct abi_map_item){
		.source = memory->frame,
		.dest = windows[i].slot,
		.address = address,
		.first = (uint32_t)i * WINDOW_PAGES,
		.count = WINDOW_PAGES,
		.rights = FRAME_READ | FRAME_WRITE,
	};
	*m = (struct msg){.tag = TAG(0, 3) | TAG_ITEMS(1),
			  .words = {0, windows[i].token, WINDOW_SIZE}};
}
