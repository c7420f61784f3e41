#include "syscall/transfer.h"

#include "cap/cspace.h"
#include "cap/delete.h"
#include "cap/derive.h"
#include "cap/slot.h"
#include "object/frame.h"
#include "object/message.h"
#include "sched/sched.h"

#define RECEIVE_SLOTS_MAX 1024u  // of a receiver's run are looked at, for all capabilities of a message

err_t transfer_check(const struct thread *from, tag_t tag, bool may_grant, bool items)
{
	unsigned words = tag_words(tag), caps = tag_caps(tag);

	if (tag < FAST_TAGS)  // words in registers, nothing else
		return OK;
	if (tag_kind(tag) || words > MSG_WORDS_MAX || caps > MSG_CAPS_MAX || tag_items(tag) > MSG_ITEMS_MAX)
		return ERR_TAG;
	if (tag_items(tag) && !items)
		return ERR_TAG;
	if ((words > MSG_WORDS_REGISTERS || caps || tag_items(tag)) && !from->block)
		return ERR_BLOCK;
	if (caps && !may_grant)
		return ERR_CAP_RIGHTS;
	for (unsigned i = 0; i < caps; i++) {
		const struct slot *slot = cspace_find(from, from->block->caps[i]);

		if (!slot || slot_is_empty(slot))
			return ERR_CAP_INVALID;
	}
	return OK;
}

// The next empty slot of the receiver's run, from *at on; null: none is left.
static struct slot *receive_slot(const struct thread *to, uint32_t *at)
{
	const struct abi_block *block = to->block;
	uint32_t count = block->recv_count < RECEIVE_SLOTS_MAX ? block->recv_count : RECEIVE_SLOTS_MAX;

	while (*at < count) {
		struct slot *slot = cspace_find(to, (uint64_t)block->recv_first + (*at)++);

		if (slot && slot_is_empty(slot))
			return slot;
	}
	return NULL;
}

static unsigned transfer_caps(struct thread *from, struct thread *to, unsigned count)
{
	unsigned arrived = 0;
	uint32_t at = 0;

	if (!from->block || !to->block)
		return 0;
	for (unsigned i = 0; i < count; i++) {
		struct slot *source = cspace_find(from, from->block->caps[i]);
		struct derivation derivation;
		struct slot *dest;

		if (!source || derive_check_whole(source, &derivation))
			continue;
		dest = receive_slot(to, &at);
		if (!dest)
			break;
		derive_commit(&derivation, dest);
		to->block->received[arrived++] = to->block->recv_first + at - 1;
	}
	return arrived;
}

static unsigned transfer_words(const struct thread *from, struct thread *to, unsigned count)
{
	if (count <= MSG_WORDS_REGISTERS)
		return count;
	if (!from->block || !to->block)
		return MSG_WORDS_REGISTERS;
	arch_copy(to->block->words, from->block->words, (count - MSG_WORDS_REGISTERS) * sizeof(uint64_t));
	return count;
}

static void transfer_fault(const struct thread *from, struct thread *to)
{
	tag_t tag = TAG(from->fault_label, from->fault_words) | (tag_t)KIND_FAULT << TAG_KIND_SHIFT;

	message_deliver_head(to, OK, from->badge, tag);
	regs_set_words(&to->regs, from->fault_word);
}

void transfer_message(struct thread *from, struct thread *to, tag_t tag, uint64_t badge)
{
	if (from->flags & THREAD_FAULTED) {
		transfer_fault(from, to);
		return;
	}
	unsigned words = transfer_words(from, to, tag_words(tag));
	unsigned caps = tag_caps(tag) ? transfer_caps(from, to, tag_caps(tag)) : 0;

	message_deliver_head(to, OK, badge, TAG(tag_label(tag), words) | TAG_CAPS(caps) | (tag & TAG_INTERRUPTIBLE));
	regs_set_words(&to->regs, from->regs.word);
}

static bool in_window(const struct thread *to, const struct abi_map_item *item)
{
	uint64_t base = to->block->window_base, pages = to->block->window_pages;

	return item->address >= base && is_aligned(item->address, PAGE_SIZE) &&
	       (item->address - base) / PAGE_SIZE < pages &&
	       item->count <= pages - (item->address - base) / PAGE_SIZE;
}

static err_t map_item(struct core *core, struct thread *from, struct thread *to,
		      const struct abi_map_item *item, bool anywhere)
{
	struct slot *source = cspace_find(from, item->source), *dest = cspace_find(from, item->dest);

	if (!frame_item_fits(source, dest))
		return ERR_CAP_TYPE;
	if (slot_is_empty(&to->vspace))
		return ERR_DEAD;
	bool is_whole = dest != source || item->count == source->count;

	if (!anywhere && (!is_whole || !to->block || !in_window(to, item)))
		return ERR_RANGE;
	return frame_map_item(core, source, dest, slot_object(&to->vspace), item);
}

err_t transfer_items(struct core *core, struct thread *from, struct thread *to, tag_t tag, bool anywhere,
		     unsigned *done)
{
	for (*done = 0; *done < tag_items(tag); ++*done) {
		struct abi_map_item item = from->block->items[*done];  // read once: user memory
		err_t err = map_item(core, from, to, &item, anywhere);

		if (err)
			return err;
	}
	return OK;
}
