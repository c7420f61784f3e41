#define _GNU_SOURCE
// A plugin for QEMU that finds the longest ways through the kernel: instructions from a user's last to a user's
// next, interrupts off all the while. An iteration of a `rep` counts as one.
//
//   qemu-system-x86_64 -plugin file=longest.so,out=FILE ...
//
// FILE has at the end a line `COUNT ADDRESS MOSTLY` for each of the longest, the longest first: where the user's
// last instructions before it begin, and where the kernel's begin that were executed most often in it.
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/host/plugin.h"

#define KEPT 16
#define HLT 0xf4

struct way {
	uint64_t count, from, mostly;
};

// Instructions of the kernel that are translated together: how often they were executed in the way `number`.
struct block {
	struct block *next;
	uint64_t address, number, times;
};

static uint64_t count, from, number, most_times, mostly;
static struct block *blocks;
static struct way longest[KEPT];
static bool is_booted;
static FILE *out;

static void print(void)
{
	rewind(out);
	for (unsigned i = 0; i < KEPT && longest[i].count; i++)
		fprintf(out, "%" PRIu64 " %" PRIx64 " %" PRIx64 "\n", longest[i].count, longest[i].from,
			longest[i].mostly);
	fflush(out);
}

// The longest of each place are kept, in order.
static void keep(struct way way)
{
	unsigned at = 0, end;

	while (at < KEPT && longest[at].count >= way.count) {
		if (longest[at++].from == way.from)
			return;
	}
	if (at == KEPT)
		return;
	for (end = at; end < KEPT - 1 && longest[end].from != way.from; end++)
		;
	memmove(&longest[at + 1], &longest[at], (end - at) * sizeof(way));
	longest[at] = way;
	print();
}

// The first way is booting, which is no user's.
static void ended(unsigned cpu, void *next)
{
	(void)cpu;
	if (is_booted && count > longest[KEPT - 1].count)
		keep((struct way){count, from, mostly});
	is_booted = is_booted || count;
	count = 0;
	most_times = 0;
	number++;
	if (next)
		from = (uint64_t)(uintptr_t)next;
}

static void executed(unsigned cpu, void *data)
{
	struct block *block = data;

	(void)cpu;
	block->times = block->number == number ? block->times + 1 : 1;
	block->number = number;
	if (block->times > most_times) {
		most_times = block->times;
		mostly = block->address;
	}
}

// Translations come and go: each address has one for good.
static struct block *block_of(uint64_t address)
{
	struct block *block = blocks;

	while (block && block->address != address)
		block = block->next;
	if (!block) {
		block = calloc(1, sizeof *block);
		if (!block)
			abort();
		*block = (struct block){blocks, address, 0, 0};
		blocks = block;
	}
	return block;
}

static void translated(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	uint64_t address = qemu_plugin_tb_vaddr(tb);

	(void)id;
	if (!(address >> 63)) {
		qemu_plugin_register_vcpu_tb_exec_cb(tb, ended, QEMU_PLUGIN_CB_NO_REGS, (void *)(uintptr_t)address);
		return;
	}
	qemu_plugin_register_vcpu_tb_exec_cb(tb, executed, QEMU_PLUGIN_CB_NO_REGS, block_of(address));
	for (size_t i = 0; i < qemu_plugin_tb_n_insns(tb); i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);

		qemu_plugin_register_vcpu_insn_exec_inline(insn, QEMU_PLUGIN_INLINE_ADD_U64, &count, 1);
		if (qemu_plugin_insn_size(insn) == 1 && *(const uint8_t *)qemu_plugin_insn_data(insn) == HLT)
			qemu_plugin_register_vcpu_insn_exec_cb(insn, ended, QEMU_PLUGIN_CB_NO_REGS, NULL);
	}
}

int qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_info *info, int argc, char **argv)
{
	(void)info;
	for (int i = 0; i < argc; i++)
		if (!strncmp(argv[i], "out=", 4))
			out = fopen(argv[i] + 4, "w");
	if (!out) {
		fputs("longest: out=FILE is missing, or cannot be written\n", stderr);
		return -1;
	}
	qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
	return 0;
}
