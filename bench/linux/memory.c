// Mappings and page faults. Regions are small enough that Linux takes no huge page for them.
#include <sys/mman.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include "row.h"

#define PAGE 4096
#define PAGES 64
#define SPAN ((size_t)PAGES * PAGE)

static char *area;

static char *map(void)
{
	char *at = mmap(NULL, SPAN, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	row_expect(at != MAP_FAILED, "mmap");
	return at;
}

static void touch(char *at)
{
	for (size_t i = 0; i < SPAN; i += PAGE)
		*(volatile char *)(at + i) = 1;
}

static void map_op(void)
{
	row_expect(munmap(map(), SPAN) == 0, "munmap");
}

static void touch_op(void)
{
	char *at = map();

	touch(at);
	row_expect(munmap(at, SPAN) == 0, "munmap");
}

static void area_setup(void)
{
	area = map();
	touch(area);
}

// The parent writes while a child that waits holds the other copy; only the writes count.
static uint64_t cow(void)
{
	int ends[2];
	char byte;
	pid_t child;
	uint64_t start;

	row_expect(pipe(ends) == 0, "pipe");
	row_expect((child = fork()) >= 0, "fork");
	if (child == 0) {
		close(ends[1]);
		_exit(read(ends[0], &byte, 1) != 0);
	}
	start = ticks();
	touch(area);
	start = ticks() - start;
	close(ends[1]);
	close(ends[0]);
	row_expect(waitpid(child, NULL, 0) == child, "waitpid");
	return start;
}

// A mapping of one page without neighbours: one that Linux need not split or join.
static void page_setup(void)
{
	area_setup();
	area += PAGE;
	row_expect(munmap(area - PAGE, PAGE) == 0, "munmap");
	row_expect(munmap(area + PAGE, SPAN - 2 * PAGE) == 0, "munmap");
}

static void protect_op(void)
{
	row_expect(mprotect(area, PAGE, PROT_READ) == 0, "mprotect");
	row_expect(mprotect(area, PAGE, PROT_READ | PROT_WRITE) == 0, "mprotect");
}

const struct row memory_rows[] = {
	{.name = "mmap_munmap", .op = map_op, .count = 500},
	{.name = "mmap_touch", .op = touch_op, .count = 30, .per = PAGES},
	{.name = "cow_page", .setup = area_setup, .measure = cow, .per = PAGES},
	{.name = "mprotect_pair", .setup = page_setup, .op = protect_op, .count = 500},
	{0},
};
