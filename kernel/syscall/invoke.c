#include "syscall/invoke.h"

#include "cap/cspace.h"
#include "object/invocation.h"
#include "object/message.h"

struct method_cap {
	uint8_t arg, type, rights;
};

struct method {
	uint8_t type, label, needs, words, caps;
	struct method_cap cap[INVOCATION_CAPS_MAX];
	err_t (*handle)(struct invocation *call);
};

#include "abi/gen/decode.h"

static const struct method *method_find(unsigned type, unsigned label)
{
	if (label == 0 || label > method_index[type].count)
		return NULL;
	return &methods[method_index[type].first + label - 1];
}

static err_t caps_find(struct invocation *call, const struct method *method)
{
	for (unsigned i = 0; i < method->caps; i++) {
		const struct method_cap *want = &method->cap[i];
		struct slot *slot = cspace_find(call->caller, call->arg[want->arg]);

		if (!slot || slot_is_empty(slot))
			return invocation_fail(call, ERR_CAP_INVALID, want->arg + 1u, 0);
		if (slot->type != want->type)
			return invocation_fail(call, ERR_CAP_TYPE, want->arg + 1u, want->type);
		if ((slot->rights & want->rights) != want->rights)
			return invocation_fail(call, ERR_CAP_RIGHTS, want->arg + 1u, want->rights);
		call->cap[i] = slot;
	}
	return OK;
}

static err_t decode(struct invocation *call, tag_t tag, const struct method **out)
{
	const struct method *method = method_find(call->slot->type, tag_label(tag));

	if (tag_kind(tag) || tag_caps(tag) || tag_items(tag) || tag_words(tag) > MSG_WORDS_MAX)
		return ERR_TAG;
	if (!method)
		return ERR_METHOD;
	if (tag_words(tag) < method->words)
		return invocation_fail(call, ERR_TAG, 0, method->words);
	if ((call->slot->rights & method->needs) != method->needs)
		return invocation_fail(call, ERR_CAP_RIGHTS, 0, method->needs);
	*out = method;
	return caps_find(call, method);
}

static void restart(struct thread *thread, const struct invocation *call)
{
	struct arch_registers *r = &thread->regs;

	*regs_tag(r) = (*regs_tag(r) & ~((tag_t)TAG_WORDS_MASK << TAG_WORDS_SHIFT)) |
		       (tag_t)call->words << TAG_WORDS_SHIFT;
	r->ip -= SYSCALL_LENGTH;
}

static void fail(struct thread *thread, const struct invocation *call, err_t err)
{
	const uint64_t words[] = {call->wrong, call->limit, call->done};

	message_deliver(thread, err, 0, TAG(0, 3));
	message_set_words(thread, words, 3);
}

void invoke(struct core *core, struct thread *thread, struct slot *slot)
{
	struct invocation call = {
		.core = core,
		.caller = thread,
		.slot = slot,
		.arg = regs_word(&thread->regs, 0),
		.words = tag_words(*regs_tag(&thread->regs)),
	};
	const struct method *method = NULL;
	err_t err = decode(&call, *regs_tag(&thread->regs), &method);

	if (!err)
		err = method->handle(&call);
	if (err == RESTART) {
		restart(thread, &call);
	} else if (thread->state != THREAD_READY) {
		return;  // it stopped or destroyed itself: its call was broken off
	} else if (err) {
		fail(thread, &call, err);
	} else {
		message_deliver_head(thread, OK, 0, TAG(0, call.out_count));
		regs_set_words(&thread->regs, call.out);
	}
}
