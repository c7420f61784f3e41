// FIFOs: names, and who waits for whom when one is opened.
// abi: mknod: whole
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tap.h"

#define NAME "/tmp/fifo.test"

static int ended(pid_t child)
{
	int status = -1;

	return waitpid(child, &status, 0) == child ? status : -1;
}

static void on_alarm(int n) { (void)n; }

int main(void)
{
	struct sigaction action = {.sa_handler = on_alarm};
	struct stat st;
	struct pollfd p;
	char text[16];
	int in, out, again;
	pid_t child;

	unlink(NAME);
	check(mkfifo(NAME, 0640) == 0 && FAILS(mkfifo(NAME, 0600), EEXIST), "mkfifo");
	check(stat(NAME, &st) == 0 && S_ISFIFO(st.st_mode) && st.st_nlink == 1, "it is one");
	check(FAILS(open(NAME, O_WRONLY | O_NONBLOCK), ENXIO), "ENXIO without a reader");
	in = open(NAME, O_RDONLY | O_NONBLOCK);
	check(in >= 0, "a reader that does not wait");
	check(read(in, text, 4) == 0, "the end, before there was a writer");
	p = (struct pollfd){in, POLLIN, 0};
	check(poll(&p, 1, 0) == 0, "which is no hang-up");
	out = open(NAME, O_WRONLY | O_NONBLOCK);
	check(out >= 0 && write(out, "abc", 3) == 3 && read(in, text, 16) == 3, "a writer");
	check(FAILS(read(in, text, 16), EAGAIN), "then nothing");
	close(out);
	check(poll(&p, 1, 0) == 1 && p.revents == POLLHUP && read(in, text, 16) == 0, "and the end");
	close(in);
	child = fork();
	if (child == 0) {
		in = open(NAME, O_RDONLY);
		_exit(!(in >= 0 && read(in, text, 16) == 5 && memcmp(text, "hello", 5) == 0 &&
			read(in, text, 16) == 0));
	}
	usleep(20000);
	out = open(NAME, O_WRONLY);
	check(out >= 0 && write(out, "hello", 5) == 5 && close(out) == 0 && ended(child) == 0, "a reader waits");
	child = fork();
	if (child == 0) {
		out = open(NAME, O_WRONLY);
		_exit(!(out >= 0 && write(out, "hi", 2) == 2));
	}
	usleep(20000);
	in = open(NAME, O_RDONLY);
	check(in >= 0 && read(in, text, 16) == 2 && ended(child) == 0, "a writer waits");
	close(in);
	child = fork();
	if (child == 0) {
		in = open(NAME, O_RDONLY);
		_exit(in < 0);
	}
	usleep(20000);
	close(open(NAME, O_WRONLY));
	check(ended(child) == 0, "who waited is let in by one that is gone again");
	in = open(NAME, O_RDWR);
	check(in >= 0 && write(in, "xy", 2) == 2 && read(in, text, 16) == 2, "both ends at once wait for nobody");
	again = open(NAME, O_WRONLY);
	check(again >= 0, "and let others in");
	close(again);
	close(in);
	sigaction(SIGALRM, &action, NULL);
	ualarm(20000, 0);
	check(FAILS(open(NAME, O_RDONLY), EINTR), "a signal ends the wait");
	check(FAILS(open(NAME, O_WRONLY | O_NONBLOCK), ENXIO), "of which nothing is left");
	unlink(NAME);
	check(FAILS(stat(NAME, &st), ENOENT), "unlinked");
	return tap_end();
}
