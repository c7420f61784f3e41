// ELF64 programs for x86-64: everything in the file is hostile until it went through here.
#ifndef PROCESS_ELF_H
#define PROCESS_ELF_H

#include <stdbool.h>
#include <stdint.h>

#define ELF_HEADER_SIZE 64
#define ELF_SEGMENT_SIZE 56
#define ELF_SEGMENTS_MAX 64  // program headers looked at
#define ELF_LOADS_MAX 16
#define ELF_SPAN_MAX (1ull << 40)

struct elf_load {
	uint64_t start, end;  // page aligned; start lies in no other load
	uint64_t offset;      // of start in the file, page aligned
	uint64_t valid_end;   // address at which the file's bytes end
	uint8_t prot;         // VMA_READ...
};

struct elf_image {
	bool is_movable;       // ET_DYN
	bool has_interpreter;
	uint32_t load_count;
	uint64_t entry;
	uint64_t headers;      // address of the program headers; 0: not loaded
	uint32_t header_offset_count;
	uint64_t header_offset;  // in the file
	uint64_t low, high;    // of all loads
	struct elf_load loads[ELF_LOADS_MAX];
};

// The file header (ELF_HEADER_SIZE bytes): where the program headers are. 0 or -ENOEXEC.
int elf_header_check(const uint8_t *bytes, uint64_t length, struct elf_image *image);

// The program headers (image->header_offset_count of them). 0, -ENOEXEC. `limit`: first address that
// a program may not use; `floor`: first that it may.
int elf_segments_check(const uint8_t *bytes, uint64_t length, uint64_t floor, uint64_t limit,
		       struct elf_image *image);

#endif
