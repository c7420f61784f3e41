#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "tap.h"

int main(void)
{
	struct termios t, u;
	struct winsize w;
	int fd[2], tty = open("/dev/tty", O_RDWR), why = errno;

	check(pipe(fd) == 0 && FAILS(tcgetattr(fd[0], &t), ENOTTY) && !isatty(fd[0]), "a pipe is no terminal");
	check(FAILS(ioctl(99, TCGETS, &t), EBADF), "EBADF");
	if (tty < 0) {
		check(why == ENXIO || why == ENOENT, "there is no terminal here");
		return tap_end();
	}
	check(isatty(tty) && tcgetattr(tty, &t) == 0, "tcgetattr");
	u = t;
	u.c_lflag ^= ECHO;
	check(tcsetattr(tty, TCSANOW, &u) == 0 && tcgetattr(tty, &u) == 0 &&
	      (u.c_lflag & ECHO) != (t.c_lflag & ECHO), "tcsetattr");
	check(tcsetattr(tty, TCSANOW, &t) == 0, "and back");
	check(ioctl(tty, TIOCGWINSZ, &w) == 0, "window size");
	check(tcgetpgrp(tty) == getpgrp(), "the foreground group is ours");
	check(FAILS(lseek(tty, 0, SEEK_SET), ESPIPE), "ESPIPE");
	close(tty);
	return tap_end();
}
