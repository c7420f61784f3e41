// Files in memory, under WORK.
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "row.h"

#define PATH WORK "/file"
#define SIZE (64 * 1024)
#define FILES 1000

static int fd;
static char buffer[SIZE];

static void setup(void)
{
	memset(buffer, 'x', sizeof(buffer));
	fd = open(PATH, O_RDWR | O_CREAT | O_TRUNC, 0644);
	row_expect(fd >= 0, "open");
	row_expect(pwrite(fd, buffer, SIZE, 0) == SIZE, "pwrite");
}

static void lseek_op(void)
{
	row_expect(lseek(fd, 100, SEEK_SET) == 100, "lseek");
}

static void pread_op(void)
{
	row_expect(pread(fd, buffer, 1, 100) == 1, "pread");
}

static void open_op(void)
{
	int file = open(PATH, O_RDONLY);

	row_expect(file >= 0 && close(file) == 0, "open, close");
}

static void stat_op(void)
{
	struct stat info;

	row_expect(stat(PATH, &info) == 0, "stat");
}

static void fstat_op(void)
{
	struct stat info;

	row_expect(fstat(fd, &info) == 0, "fstat");
}

static void read_4k_op(void)
{
	row_expect(pread(fd, buffer, 4096, 0) == 4096, "pread");
}

static void read_64k_op(void)
{
	row_expect(pread(fd, buffer, SIZE, 0) == SIZE, "pread");
}

static void write_64k_op(void)
{
	row_expect(pwrite(fd, buffer, SIZE, 0) == SIZE, "pwrite");
}

static void folder_setup(void)
{
	mkdir(WORK "/folder", 0755);
}

// All are there before the first goes, as in a folder that is unpacked and removed.
static uint64_t create_delete(void)
{
	static char names[FILES][sizeof(WORK) + 20];
	uint64_t from;

	for (int i = 0; i < FILES; i++)
		snprintf(names[i], sizeof(names[i]), WORK "/folder/f%d", i);
	from = ticks();
	for (int i = 0; i < FILES; i++) {
		int file = open(names[i], O_WRONLY | O_CREAT | O_EXCL, 0644);

		row_expect(file >= 0 && close(file) == 0, "open with O_CREAT");
	}
	for (int i = 0; i < FILES; i++)
		row_expect(unlink(names[i]) == 0, "unlink");
	return ticks() - from;
}

const struct row file_rows[] = {
	{.name = "lseek", .setup = setup, .op = lseek_op, .count = 5000},
	{.name = "pread1", .setup = setup, .op = pread_op, .count = 5000},
	{.name = "open_close", .setup = setup, .op = open_op, .count = 1000},
	{.name = "stat", .setup = setup, .op = stat_op, .count = 1000},
	{.name = "fstat", .setup = setup, .op = fstat_op, .count = 2000},
	{.name = "file_read_4k", .setup = setup, .op = read_4k_op, .count = 2000},
	{.name = "file_read_64k", .setup = setup, .op = read_64k_op, .count = 500},
	{.name = "file_write_64k", .setup = setup, .op = write_64k_op, .count = 500},
	{.name = "create_delete", .setup = folder_setup, .measure = create_delete, .per = FILES},
	{0},
};
