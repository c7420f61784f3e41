#include "program.h"

#include "arch/arch.h"
#include "base/bits.h"
#include "base/string.h"

struct elf_header {
	uint8_t ident[16];
	uint16_t type, machine;
	uint32_t version;
	uint64_t entry, program_offset, section_offset;
	uint32_t flags;
	uint16_t header_size, program_size, program_count, section_size, section_count, names;
};

struct elf_program {
	uint32_t type, flags;
	uint64_t offset, address, physical, file_size, memory_size, align;
};

#define ELF_EXECUTABLE 2
#define PROGRAM_LOAD 1

static bool header_is_good(const struct elf_header *header, uint64_t size)
{
	static const uint8_t magic[6] = {0x7f, 'E', 'L', 'F', 2, 1};  // 64 bits, little endian

	return size >= sizeof *header && !memcmp(header->ident, magic, sizeof magic) &&
	       header->type == ELF_EXECUTABLE && header->program_size == sizeof(struct elf_program) &&
	       header->program_offset <= size && is_aligned(header->program_offset, 8) &&
	       header->program_count <= (size - header->program_offset) / sizeof(struct elf_program) &&
	       header->entry && header->entry < USER_END;
}

static bool program_is_good(const struct elf_program *p, uint64_t size)
{
	return p->offset <= size && p->file_size <= size - p->offset && p->file_size <= p->memory_size &&
	       p->address >= PAGE_SIZE && p->address < USER_END && p->memory_size <= USER_END - p->address;
}

uint64_t elf_load(const char *file, uint64_t size,
		  void (*segment)(void *argument, const struct elf_segment *segment), void *argument)
{
	const struct elf_header *header = (const void *)file;

	if (!header_is_good(header, size))
		return 0;
	const struct elf_program *program = (const void *)(file + header->program_offset);

	for (unsigned i = 0; i < header->program_count; i++)
		if (program[i].type == PROGRAM_LOAD && !program_is_good(&program[i], size))
			return 0;
	for (unsigned i = 0; i < header->program_count; i++) {
		const struct elf_program *p = &program[i];
		struct elf_segment s = {file + p->offset, p->address, p->file_size, p->memory_size, 0};

		s.rights = (p->flags & 4 ? FRAME_READ : 0) | (p->flags & 2 ? FRAME_WRITE : 0) |
			   (p->flags & 1 ? FRAME_EXECUTE : 0);
		if (p->type == PROGRAM_LOAD && p->memory_size)
			segment(argument, &s);
	}
	return header->entry;
}
