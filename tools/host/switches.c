#define _GNU_SOURCE
// A plugin for QEMU that counts switches of address space: instructions that write CR3.
//
//   qemu-system-x86_64 -plugin file=switches.so,out=FILE ...
//
// A program marks moments by `nopl 0x504901NN(%rax)`, which does nothing. FILE has a line `NN COUNT` for each
// mark, in order: how many writes of CR3 came before.
#include <inttypes.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "tools/host/plugin.h"

static uint64_t switches;
static FILE *out;

static void marked(unsigned cpu, void *mark)
{
	(void)cpu;
	fprintf(out, "%u %" PRIu64 "\n", (unsigned)(uintptr_t)mark, switches);
	fflush(out);
}

static void instruction(struct qemu_plugin_insn *insn)
{
	static const uint8_t mark[] = {0x0f, 0x1f, 0x80}, base[] = {0x01, 0x49, 0x50};
	const uint8_t *bytes = qemu_plugin_insn_data(insn);
	size_t size = qemu_plugin_insn_size(insn);
	size_t rex = size > 1 && (bytes[0] & 0xf0) == 0x40;

	if (size == 3 + rex && bytes[rex] == 0x0f && bytes[rex + 1] == 0x22 && (bytes[rex + 2] & 0x38) == 0x18)
		qemu_plugin_register_vcpu_insn_exec_inline(insn, QEMU_PLUGIN_INLINE_ADD_U64, &switches, 1);
	if (size == 7 && !memcmp(bytes, mark, 3) && !memcmp(bytes + 4, base, 3))
		qemu_plugin_register_vcpu_insn_exec_cb(insn, marked, QEMU_PLUGIN_CB_NO_REGS,
						       (void *)(uintptr_t)bytes[3]);
}

static void translated(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	(void)id;
	for (size_t i = 0; i < qemu_plugin_tb_n_insns(tb); i++)
		instruction(qemu_plugin_tb_get_insn(tb, i));
}

int qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_info *info, int argc, char **argv)
{
	(void)info;
	for (int i = 0; i < argc; i++)
		if (!strncmp(argv[i], "out=", 4))
			out = fopen(argv[i] + 4, "w");
	if (!out) {
		fputs("switches: out=FILE is missing, or cannot be written\n", stderr);
		return -1;
	}
	qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
	return 0;
}
