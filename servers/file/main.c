// The file server: names, open files, pipes, devices. Everything is in memory, over the boot image,
// which is used in place.
//
//	request.c   from a message to its method        name.c rename.c   operations on names
//	*_op.c      the methods                         walk.c            paths
//	context.c   contexts, windows                   dir.c list.c      directories
//	description.c grant.c  handles                  inode.c data.c    inodes, their contents
//	pipeend.c pipe.c       pipes                    store.c heap.c    memory
//	board.c share.c        what is ready, published     ring.c   pipes that processes hold
//	epoll.c event.c timer.c   epoll, eventfd, timerfd     wait_op.c   their methods
//	desk.c answer.c   what processes close and ask by memory that is shared with them
//	map.c cview.c  Frames for mappings and views    image.c           the boot image
//
// From name.c down nothing knows of messages: that part is tested on the host.
#include "servers/file/file.h"

#include "servers/file/clock.h"
#include "servers/file/answer.h"
#include "servers/file/cview.h"
#include "servers/file/heap.h"
#include "servers/file/timer.h"

#define HEAP_SLACK 65536u  // for the C library itself

struct file file;

static bool memory_init(const struct component_info *info)
{
	struct store *store = &file.fs.store;

	heap_init(info->heap_size > 2 * HEAP_SLACK ? info->heap_size - HEAP_SLACK : 0);
	store_init(store);
	for (uint32_t i = 0; i < info->region_count && i < COMPONENT_REGIONS_MAX; i++) {
		const struct component_region *region = &info->regions[i];

		if (strcmp(region->name, "memory") == 0 && region->frame != 0)
			(void)store_add(store, (void *)region->address, region->size,
					region->frame);
	}
	return store->total > 0 && store_start(store);
}

static int files_init(const struct component_info *info)
{
	uint64_t rate = info->ticks_per_second ? info->ticks_per_second : NS_PER_SECOND;
	int error;

	clock_set(info->epoch_ns, info->ticks_at_boot, rate);
	file.fs.now = clock_now;
	file.fs.unshare = map_unshare;
	file.fs.publish = cview_publish;
	file.fs.settle = cview_settle;
	file.fs.close_late = desk_close;
	file.fs.unlinked = desk_unlinked;
	file.fs.forget_way = answer_forget_way;
	file.fs.forget_stat = answer_forget_stat;
	file.fs.forget_absent = answer_forget_absent;
	file.fs.socket_end = socket_end;
	file.image = component_find_region("image");
	if (!file.image || file.image->frame == 0)
		return -ENODEV;
	error = image_open(&file.fs.image, (const void *)file.image->address, file.image->size);
	return error ? error : fs_init(&file.fs);
}

int main(void)
{
	const struct component_info *info = component_get();
	uint32_t count = 0;
	cap_t replies = component_find_cap("replies", &count);
	int error;

	file.endpoint = component_get_cap("endpoint");
	file.cnode = component_get_cap("cnode");
	if (!memory_init(info)) {
		rt_log("no memory");
		return 1;
	}
	error = files_init(info);
	if (error != 0) {
		rt_log("the boot image cannot be used: error %d", -error);
		return 1;
	}
	if (!server_make(&file.server, file.endpoint, replies, count)) {
		rt_log("no Replies");
		return 1;
	}
	timer_make();
	file.receive = slot_alloc();
	msg_set_receive(file.receive, file.receive ? 1 : 0);
	server_run(&file.server, request_handle);
	return 0;
}
