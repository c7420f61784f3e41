#define _GNU_SOURCE
// A plugin for QEMU that counts executed instructions by the block of code that they lie in.
//
//   qemu-system-x86_64 -plugin file=profile.so,out=FILE ...
//
// At the end FILE has a line `ADDRESS COUNT` for each block (hexadecimal address, instructions
// executed). `./pith profile` makes a table of it.
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/host/plugin.h"

#define BUCKETS 65536

// One translation of a block. The same address may be translated more than once.
struct block {
	struct block *next;
	uint64_t address, count;
};

static struct block *buckets[BUCKETS];
static const char *out_path;

static struct block *block_get(uint64_t address)
{
	struct block **at = &buckets[(address ^ address >> 16) % BUCKETS], *b;

	for (b = *at; b; b = b->next)
		if (b->address == address)
			return b;
	b = calloc(1, sizeof *b);
	if (!b)
		abort();
	b->address = address;
	b->next = *at;
	*at = b;
	return b;
}

static void translated(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	struct block *b = block_get(qemu_plugin_tb_vaddr(tb));

	(void)id;
	qemu_plugin_register_vcpu_tb_exec_inline(tb, QEMU_PLUGIN_INLINE_ADD_U64, &b->count,
						 qemu_plugin_tb_n_insns(tb));
}

static void finished(qemu_plugin_id_t id, void *data)
{
	FILE *f = fopen(out_path, "w");

	(void)id, (void)data;
	if (!f) {
		perror(out_path);
		return;
	}
	for (size_t i = 0; i < BUCKETS; i++)
		for (const struct block *b = buckets[i]; b; b = b->next)
			if (b->count)
				fprintf(f, "%" PRIx64 " %" PRIu64 "\n", b->address, b->count);
	fclose(f);
}

int qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_info *info, int argc, char **argv)
{
	(void)info;
	for (int i = 0; i < argc; i++)
		if (!strncmp(argv[i], "out=", 4))
			out_path = strdup(argv[i] + 4);
	if (!out_path) {
		fputs("profile: out=FILE is missing\n", stderr);
		return -1;
	}
	qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
	qemu_plugin_register_atexit_cb(id, finished, NULL);
	return 0;
}
