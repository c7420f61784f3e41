// Jobs: what people run. All by busybox, over the files that tools/bench_tree.py made; what a job
// wrote is checked against the other system's.
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include "row.h"

#define OUTPUT WORK "/output"

// From before the shell is forked until it has ended.
static uint64_t job(const char *script)
{
	char *arguments[] = {"sh", "-c", (char *)script, NULL};
	char *environment[] = {"PATH=/sbin:/usr/sbin:/bin:/usr/bin", "LC_ALL=C", NULL};
	uint64_t start;
	int status = 0, fd = open(OUTPUT, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	pid_t child;

	row_expect(fd >= 0, "open of the output");
	start = ticks();
	row_expect((child = fork()) >= 0, "fork");
	if (child == 0) {
		dup2(fd, 1);
		execve("/bin/busybox", arguments, environment);
		_exit(127);
	}
	row_expect(waitpid(child, &status, 0) == child, "waitpid");
	start = ticks() - start;
	close(fd);
	if (status != 0)
		row_fail("the job's status", 0);
	row_check(OUTPUT);
	return start;
}

static uint64_t spawns(void)
{
	return job("i=0; while [ $i -lt 200 ]; do /bin/true; i=$((i+1)); done; echo $i");
}

static uint64_t sha256(void)
{
	return job("sha256sum /bench/data");
}

static uint64_t tar(void)
{
	return job("cd /bench && tar cf - tree/*/*");
}

static uint64_t gzip(void)
{
	return job("cd /bench && tar cf - tree/*/* | gzip -c");
}

static uint64_t cat_wc(void)
{
	return job("cat /bench/data | wc");
}

static uint64_t find_grep(void)
{
	return job("find /bench/tree -type f -exec grep -c lantern {} + | sort");
}

static uint64_t awk(void)
{
	return job("awk '{ for (i = 1; i <= NF; i++) n[$i]++ } END { for (w in n) print w, n[w] }' "
		   "/bench/text | sort");
}

static uint64_t turns(void)
{
	return job("i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done; echo $i");
}

const struct row job_rows[] = {
	{.name = "shell_200_spawns", .measure = spawns, .per = 200},
	{.name = "sha256sum_16m", .measure = sha256},
	{.name = "tar_tree", .measure = tar},
	{.name = "gzip_tree", .measure = gzip},
	{.name = "cat_16m_wc", .measure = cat_wc},
	{.name = "find_grep", .measure = find_grep},
	{.name = "awk_job", .measure = awk},
	{.name = "shell_loop_20000", .measure = turns},
	{0},
};
