#define _GNU_SOURCE
// A plugin for QEMU that counts switches of address space: instructions that write CR3.
//
//   qemu-system-x86_64 -plugin file=switches.so,out=FILE ...
//
// A program marks moments by `nopl 0x504901NN(%rax)`, which does nothing. FILE has a line `NN COUNT` for each
// mark, in order: how many writes of CR3 came before. What is used of QEMU's plugin interface (version 1) is
// declared here: see profile.c.
#include <inttypes.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

typedef uint64_t qemu_plugin_id_t;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
struct qemu_info;
enum { QEMU_PLUGIN_VERSION = 1, QEMU_PLUGIN_INLINE_ADD_U64 = 0, QEMU_PLUGIN_CB_NO_REGS = 0 };

extern void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id,
						  void (*call)(qemu_plugin_id_t, struct qemu_plugin_tb *));
extern size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
extern struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t index);
extern const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *insn);
extern size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *insn);
extern void qemu_plugin_register_vcpu_insn_exec_inline(struct qemu_plugin_insn *insn, int op, void *at,
						       uint64_t value);
extern void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn,
						   void (*call)(unsigned, void *), int flags, void *data);

__attribute__((visibility("default"))) int qemu_plugin_version = QEMU_PLUGIN_VERSION;
__attribute__((visibility("default"))) int qemu_plugin_install(qemu_plugin_id_t id,
							       const struct qemu_info *info, int argc,
							       char **argv);

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
