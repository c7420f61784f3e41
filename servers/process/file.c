// The process server as a client of the file server.
//
// A page of a file is read by message, through the window, and never by a mapping of the file: the file
// server may take a file's pages away at any time, and a server must not fault.
#include "servers/process/file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "abi/gen/stubs.h"
#include "lib/rt/component.h"
#include "protocol/gen/context.h"
#include "protocol/gen/control.h"
#include "protocol/gen/file.h"
#include "protocol/gen/name.h"
#include "servers/process/store.h"

#define CLIENT_WINDOW 0x0000600000000000ull  // nothing else of this component is there
#define WINDOW_BYTES 16384ull
#define O_ACCMODE_ 3u
#define O_RDWR_ 2u
#define O_EXECUTE_ 0x20u  // to be run
#define PUNCH_KEEP_SIZE 3u
#define O_PATH_ 010000000u

static cap_t control, receive_first, own_context;
static uint64_t window_token;

void receive_default(void)
{
	if (!receive_first)
		receive_first = slot_alloc_run(RECEIVE_SLOTS);
	msg_set_receive(receive_first, RECEIVE_SLOTS);
}

void receive_clear(void) { (void)cnode_delete(store_cnode, receive_first, RECEIVE_SLOTS); }

cap_t receive_take(cap_t received)
{
	cap_t slot = received ? slot_alloc() : 0;

	if (slot && cnode_move(store_cnode, slot, store_cnode, received, 1, NULL)) {
		slot_free(slot);
		return 0;
	}
	return slot;
}

static void slot_discard(cap_t slot)
{
	if (!slot)
		return;
	(void)cnode_delete(store_cnode, slot, 1);
	slot_free(slot);
}

static void file_destroy(struct backing *backing)
{
	struct file *file = (struct file *)backing;

	slot_discard(file->frame);
	slot_discard(file->handle);
	free(file);
}

// A program may hand over anything. Only what leads to the file server is called: it calls nobody back,
// while this very server, the terminal or the program itself might never answer.
bool file_is_handle(cap_t slot)
{
	uint64_t same = 0;

	return slot && control && cnode_compare(store_cnode, slot, store_cnode, control, &same) == OK && same;
}

struct file *file_make(cap_t received, int64_t *error)
{
	struct file *file;

	*error = -EACCES;
	if (received && !file_is_handle(received))
		return NULL;
	file = calloc(1, sizeof(*file));
	*error = -ENOMEM;
	if (!file)
		return NULL;
	file->base = (struct backing){1, file_destroy};
	file->handle = receive_take(received);
	if (!file->handle) {
		*error = received ? -ENOMEM : -EBADF;
		free(file);
		return NULL;
	}
	return file;
}

int64_t file_check(struct file *file, uint64_t page, bool is_write)
{
	uint64_t flags = 0, result, first, size;

	if (file_get_flags(file->handle, &flags))
		return -EIO;
	if ((int64_t)flags < 0 || flags & O_PATH_)
		return -EBADF;
	file->is_writable = (flags & O_ACCMODE_) == O_RDWR_;
	if (is_write && !file->is_writable)
		return -EACCES;
	if (file_map(file->handle, 0, 0, file->is_writable, &result, &first, &size, &file->number))
		return -EIO;
	if ((int64_t)result == -EPERM && !is_write) {
		// Sealed: it can be read.
		file->is_writable = false;
		return 0;
	}
	if ((int64_t)result == 0 && first && is_write)
		(void)file_cover(file, page);
	return (int64_t)result;
}

bool file_uncover(struct file *file)
{
	uint64_t type = 0;

	if (file->frame && cnode_info(store_cnode, file->frame, &type, NULL, NULL, NULL) == OK && type)
		return false;
	slot_discard(file->frame);
	file->frame = 0;
	return true;
}

int64_t file_store(struct file *file, uint64_t offset, const uint8_t *from, uint64_t length)
{
	uint64_t done = 0;

	do {
		uint64_t part = length - done < 432 ? length - done : 432, words[54] = {0};
		struct msg m = {.tag = TAG(FILE_POKE, 2 + (part + 7) / 8), .words = {offset + done, part}};

		memcpy(words, from + done, part);
		msg_set_words(&m, 2, words, (unsigned)(part + 7) / 8);
		if (sys_call(file->handle, &m))
			return -EIO;
		if ((int64_t)m.words[0] < 0)
			return (int64_t)m.words[0];
		if (m.words[0] != part)
			return (int64_t)(done + m.words[0]);
		done += part;
	} while (done < length);
	return (int64_t)done;
}

int64_t file_swap(struct file *file, uint64_t offset, uint32_t *old, uint32_t new)
{
	uint64_t result, now = 0;

	if (file_exchange(file->handle, offset, *old, new, &result, &now))
		return -EIO;
	*old = (uint32_t)now;
	return (int64_t)result;
}

int64_t file_punch(struct file *file, uint64_t offset, uint64_t length)
{
	uint64_t result;

	return file_fallocate(file->handle, PUNCH_KEEP_SIZE, offset, length, &result) ? -EIO : (int64_t)result;
}

void file_dirty(struct file *file) { (void)file_store(file, 0, (const uint8_t *)"", 0); }

int64_t file_cover(struct file *file, uint64_t page)
{
	uint64_t result, first, size;

	if (file->frame && page >= file->first && page - file->first < file->count)
		return 0;

	cap_t slot = slot_alloc();

	if (!slot)
		return -ENOMEM;
	msg_set_receive(slot, 1);
	err_t err = file_map(file->handle, page, 1u << 20, file->is_writable, &result, &first, &size, &file->number);

	receive_default();
	if (err || (int64_t)result <= 0 || first > page || page - first >= result) {
		slot_discard(slot);
		return err ? -EIO : (int64_t)result < 0 ? (int64_t)result : -ENXIO;
	}
	// Windows derived from the old Frame stay mapped: they go one generation up.
	slot_discard(file->frame);
	file->frame = slot;
	file->first = first;
	file->count = result;
	file->size = size;
	return 0;
}

static bool client_attach(void)
{
	uint64_t result, size;

	msg_set_window(CLIENT_WINDOW, WINDOW_BYTES / PAGE_SIZE);
	return context_attach(own_context, 0, CLIENT_WINDOW, &result, &window_token, &size) == OK &&
	       result == 0 && size >= WINDOW_BYTES;
}

cap_t file_control(void) { return control; }

uint8_t *file_window(uint64_t *token)
{
	*token = file_client_make() ? window_token : 0;
	return (uint8_t *)CLIENT_WINDOW;
}

int64_t file_context_make(cap_t first)
{
	uint64_t result;

	msg_set_receive(first, 2);
	err_t err = control_make(control, &result);

	receive_default();
	return err ? -EIO : (int64_t)result;
}

bool file_client_make(void)
{
	if (window_token)
		return true;
	control = component_find_cap("file", NULL);
	if (!own_context) {
		own_context = slot_alloc_run(2);
		if (!control || !own_context || file_context_make(own_context))
			return false;
	}
	return client_attach();
}

int64_t file_fetch(struct file *file, uint64_t offset, uint8_t *to, uint64_t length)
{
	uint64_t result = (uint64_t)-EFAULT;

	for (int i = 0; i < 2 && (int64_t)result == -EFAULT; i++) {
		if (i && !client_attach())
			return -EIO;
		if (file_read(file->handle, window_token, length, offset, &result))
			return -EIO;
	}
	if ((int64_t)result < 0)
		return (int64_t)result;
	if (result > length)
		return -EIO;
	memcpy(to, (const void *)CLIENT_WINDOW, result);
	return (int64_t)result;
}

int64_t file_peek_at(cap_t handle, uint64_t offset, uint8_t *to, uint64_t length)
{
	uint64_t done = 0;

	while (done < length) {
		uint64_t want = length - done < FILE_PEEK_MAX ? length - done : FILE_PEEK_MAX;
		struct msg m = {.tag = TAG(FILE_PEEK, 2), .words = {offset + done, want}};
		uint64_t words[55];

		if (sys_call(handle, &m))
			return -EIO;
		if ((int64_t)m.words[0] < 0)
			return (int64_t)m.words[0];
		if (m.words[0] > want)
			return -EIO;
		if (m.words[0] == 0)
			break;
		msg_get_words(&m, 1, words, (unsigned)(m.words[0] + 7) / 8);
		memcpy(to + done, words, m.words[0]);
		done += m.words[0];
	}
	return (int64_t)done;
}

int64_t file_client_open(const char *name, uint64_t *mode)
{
	uint64_t result = (uint64_t)-EFAULT, kind, device;
	cap_t slot = slot_alloc();

	if (!slot || strlen(name) >= 4096)
		return slot_discard(slot), -ENAMETOOLONG;
	for (int i = 0; i < 2 && (int64_t)result == -EFAULT; i++) {
		if (i && !client_attach())
			break;
		memcpy((void *)CLIENT_WINDOW, name, strlen(name) + 1);
		msg_set_receive(slot, 1);
		if (name_open(own_context, window_token, 0, O_EXECUTE_, 0, &result, &kind, mode, &device))
			result = (uint64_t)-EIO;
		receive_default();
	}
	if (!result && kind == 1)
		return slot;
	slot_discard(slot);
	return result ? (int64_t)result : -EACCES;
}
