// Pseudo-terminals: both sides, the line discipline between them, hang-up, packet mode, many at once.
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "tap.h"

static int master, slave;
static char name[64];

static bool make(void)
{
	int number, lock = 0;

	master = open("/dev/ptmx", O_RDWR | O_NOCTTY);
	if (master < 0 || ioctl(master, TIOCGPTN, &number) || ioctl(master, TIOCSPTLCK, &lock))
		return false;
	snprintf(name, sizeof(name), "/dev/pts/%d", number);
	slave = open(name, O_RDWR | O_NOCTTY);
	return slave >= 0;
}

static void unmake(void)
{
	close(slave);
	close(master);
}

static struct termios settings(void)
{
	struct termios t;

	memset(&t, 0, sizeof(t));
	tcgetattr(slave, &t);
	return t;
}

static void set(tcflag_t input, tcflag_t output, tcflag_t local)
{
	struct termios t = settings();

	t.c_iflag = input;
	t.c_oflag = output;
	t.c_lflag = local;
	tcsetattr(slave, TCSANOW, &t);
}

static bool type(const char *text) { return write(master, text, strlen(text)) == (ssize_t)strlen(text); }

static bool reads(int fd, const char *wanted)
{
	char got[256];
	ssize_t n = read(fd, got, sizeof(got));

	if (n == (ssize_t)strlen(wanted) && !memcmp(got, wanted, (size_t)n))
		return true;
	printf("# wanted %zu bytes, got %zd: ", strlen(wanted), n);
	for (ssize_t i = 0; i < n; i++)
		printf("%02x ", (unsigned char)got[i]);
	printf("\n");
	return false;
}

static int waiting(int fd)
{
	int n = -1;

	ioctl(fd, FIONREAD, &n);
	return n;
}

// What is typed arrives some time later on Linux.
static bool arrives(int count)
{
	for (int turn = 0; turn < 500 && waiting(slave) != count; turn++)
		usleep(2000);
	return waiting(slave) == count;
}

static void opening(void)
{
	int fd, lock = 1;
	struct stat st;

	check(make(), "ptmx, unlock, open the slave");
	check(isatty(master) && isatty(slave), "both are terminals");
	check(stat(name, &st) == 0 && S_ISCHR(st.st_mode) && major(st.st_rdev) == 136, "its node in /dev/pts");
	check(ioctl(master, TIOCSPTLCK, &lock) == 0 && FAILS(open(name, O_RDWR | O_NOCTTY), EIO),
	      "locked: the slave cannot be opened");
	lock = 0;
	ioctl(master, TIOCSPTLCK, &lock);
	fd = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY);
	check(fd >= 0 && write(fd, "x", 1) == 1 && reads(master, "x"), "TIOCGPTPEER opens the slave");
	close(fd);
	check(FAILS(ioctl(slave, TIOCGPTN, &fd), ENOTTY), "TIOCGPTN of the slave: ENOTTY");
	unmake();
	check(FAILS(open(name, O_RDWR | O_NOCTTY), ENOENT), "its node goes with the master");
}

static void canonical(void)
{
	make();
	set(ICRNL, OPOST | ONLCR, ICANON | ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE | IEXTEN | ISIG);
	check(type("ab"), "type");
	check(waiting(slave) == 0, "nothing to read before the line ends");
	check(reads(master, "ab"), "echo");
	check(type("\x7f" "c\r") && reads(master, "\b \bc\r\n") && reads(slave, "ac\n"), "erase; CR is NL");
	check(type("one two\x17three\n") && reads(slave, "one three\n"), "word erase");
	check(reads(master, "one two\b \b\b \b\b \bthree\r\n"), "its echo");
	check(type("lost\x15kept\n") && reads(slave, "kept\n"), "line kill");
	tcflush(master, TCIOFLUSH);
	tcflush(slave, TCIOFLUSH);
	check(type("x\x16\x03y\n") && reads(slave, "x\x03y\n"), "literal next");
	check(type("\x04") && reads(slave, ""), "end of file");
	check(type("half\x04") && reads(slave, "half"), "end of file in a line");
	check(type("l1\nl2\n") && arrives(6) && reads(slave, "l1\n") && reads(slave, "l2\n"),
	      "a read takes one line");
	unmake();
}

static void eol(void)
{
	struct termios t;

	make();
	set(0, 0, ICANON | IEXTEN);
	t = settings();
	t.c_cc[VEOL] = ';';
	t.c_cc[VEOL2] = ',';
	tcsetattr(slave, TCSANOW, &t);
	check(type("a;b,c\n") && reads(slave, "a;") && reads(slave, "b,") && reads(slave, "c\n"),
	      "VEOL and VEOL2 end lines");
	t.c_lflag &= ~(tcflag_t)ICANON;
	check(type("held") && tcsetattr(slave, TCSANOW, &t) == 0 && reads(slave, "held"),
	      "what was typed is readable once the mode is raw");
	unmake();
}

static void input_flags(void)
{
	make();
	set(IGNCR, 0, 0);
	check(type("a\rb") && reads(slave, "ab"), "IGNCR");
	set(INLCR, 0, 0);
	check(type("a\n") && reads(slave, "a\r"), "INLCR");
	set(ISTRIP, 0, 0);
	check(type("\xe1") && reads(slave, "a"), "ISTRIP");
	set(IUCLC, 0, IEXTEN);
	check(type("AbC") && reads(slave, "abc"), "IUCLC");
	set(0, 0, ECHO | ECHOCTL);
	check(type("\x01") && reads(master, "^A") && reads(slave, "\x01"), "ECHOCTL");
	set(0, 0, ICANON | ECHONL);
	check(type("x\n") && reads(master, "\n") && reads(slave, "x\n"), "ECHONL without ECHO");
	unmake();
}

static void output_flags(void)
{
	make();
	set(0, 0, 0);
	check(write(slave, "a\nb", 3) == 3 && reads(master, "a\nb"), "no OPOST: as it is");
	set(0, OPOST | ONLCR, 0);
	check(write(slave, "a\nb", 3) == 3 && reads(master, "a\r\nb"), "ONLCR");
	set(0, OPOST | OCRNL, 0);
	check(write(slave, "a\rb", 3) == 3 && reads(master, "a\nb"), "OCRNL");
	set(0, OPOST | OLCUC, 0);
	check(write(slave, "abC", 3) == 3 && reads(master, "ABC"), "OLCUC");
	set(0, OPOST | TAB3, 0);
	check(write(slave, "\rab\tc", 5) == 5 && reads(master, "\rab      c"), "TAB3 expands tabs");
	set(0, OPOST | ONOCR, 0);
	check(write(slave, "\r\r", 2) == 2 && reads(master, "\r"), "ONOCR: no CR in column 0");
	unmake();
}

static void minimum(int min, int time)
{
	struct termios t = settings();

	t.c_iflag = 0;
	t.c_lflag = 0;
	t.c_cc[VMIN] = (cc_t)min;
	t.c_cc[VTIME] = (cc_t)time;
	tcsetattr(slave, TCSANOW, &t);
}

static void raw_reads(void)
{
	pid_t child;

	make();
	minimum(0, 0);
	check(reads(slave, "") && type("abc") && reads(slave, "abc"), "VMIN 0, VTIME 0: at once");
	minimum(0, 1);
	check(reads(slave, "") && type("x") && reads(slave, "x"), "VMIN 0, VTIME 1: after a tenth of a second");
	minimum(3, 0);
	type("ab");
	child = fork();
	if (child == 0) {
		usleep(50000);
		type("c");
		_exit(0);
	}
	check(reads(slave, "abc"), "VMIN 3: waits for three");
	waitpid(child, NULL, 0);
	minimum(5, 1);
	check(type("ab") && reads(slave, "ab"), "VMIN 5, VTIME 1: the timer runs from a byte on");
	fcntl(slave, F_SETFL, O_NONBLOCK);
	check(FAILS(read(slave, name, 1), EAGAIN), "O_NONBLOCK: EAGAIN");
	unmake();
}

static void flow(void)
{
	struct pollfd p;

	make();
	set(IXON, 0, 0);
	p = (struct pollfd){slave, POLLOUT, 0};
	type("\x13");
	for (int turn = 0; turn < 500 && poll(&p, 1, 0); turn++)
		usleep(2000);
	check(poll(&p, 1, 0) == 0, "VSTOP stops the output");
	check(type("\x11") && poll(&p, 1, 5000) == 1, "VSTART lets it go on");
	check(waiting(slave) == 0, "neither is read");
	check(ioctl(slave, TCXONC, TCOOFF) == 0 && poll(&p, 1, 0) == 0, "TCOOFF");
	check(ioctl(slave, TCXONC, TCOON) == 0 && poll(&p, 1, 0) == 1, "TCOON");
	check(ioctl(slave, TCXONC, TCIOFF) == 0 && reads(master, "\x13"), "TCIOFF sends VSTOP");
	check(FAILS(ioctl(slave, TCXONC, 9), EINVAL), "TCXONC 9: EINVAL");
	unmake();
}

static void flushing(void)
{
	make();
	set(0, 0, 0);
	type("abc");
	check(arrives(3) && tcflush(slave, TCIFLUSH) == 0 && waiting(slave) == 0, "TCIFLUSH");
	check(FAILS(ioctl(slave, TCFLSH, 7), EINVAL), "TCFLSH 7: EINVAL");
	type("abc");
	struct termios t = settings();

	check(arrives(3) && tcsetattr(slave, TCSAFLUSH, &t) == 0 && waiting(slave) == 0, "TCSAFLUSH");
	check(tcdrain(slave) == 0, "tcdrain");
	check(FAILS(ioctl(slave, TIOCSTI, "x"), EIO) || errno == EPERM || errno == 0, "TIOCSTI");
	unmake();
}

static void packets(void)
{
	int on = 1, got = 0;

	make();
	set(IXON, 0, ICANON);
	check(ioctl(master, TIOCPKT, &on) == 0 && ioctl(master, TIOCGPKT, &got) == 0 && got, "TIOCPKT");
	check(write(slave, "hi", 2) == 2 && read(master, name, 10) == 3 && !memcmp(name, "\0hi", 3),
	      "data behind a 0");
	tcflush(slave, TCIFLUSH);
	check(read(master, name, 10) == 1 && name[0] == TIOCPKT_FLUSHREAD, "a flush is told");
	ioctl(slave, TCXONC, TCOOFF);
	check(read(master, name, 10) == 1 && name[0] == TIOCPKT_STOP, "a stop is told");
	ioctl(slave, TCXONC, TCOON);
	check(read(master, name, 10) == 1 && name[0] == TIOCPKT_START, "and the start");
	unmake();
}

static void hang_up(void)
{
	struct pollfd p;
	struct termios t;

	make();
	p = (struct pollfd){master, POLLIN, 0};
	check(poll(&p, 1, 0) == 0, "nothing to read, no hang-up");
	write(slave, "last", 4);
	close(slave);
	check(reads(master, "last"), "what was written before the slave was closed is read");
	check(FAILS(read(master, name, 1), EIO), "then EIO");
	check(poll(&p, 1, 0) == 1 && p.revents & POLLHUP, "and POLLHUP");
	close(master);
	make();
	close(master);
	p = (struct pollfd){slave, POLLIN | POLLOUT, 0};
	check(read(slave, name, 1) == 0, "the master is gone: a read ends");
	check(FAILS(write(slave, "x", 1), EIO), "a write fails with EIO");
	check(FAILS(tcgetattr(slave, &t), EIO), "and so does tcgetattr");
	check(poll(&p, 1, 0) == 1 && p.revents & POLLHUP, "POLLHUP");
	close(slave);
}

static void waiting_reader(void)
{
	pid_t child;
	char c;

	make();
	child = fork();
	if (child == 0) {
		close(master);
		_exit(read(slave, &c, 1) == 0 || errno == EIO ? 0 : 1);
	}
	close(slave);
	usleep(50000);
	close(master);

	int status = -1;

	waitpid(child, &status, 0);
	check(status == 0, "a reader that waits hears that the master is gone");
}

// Fills the output buffer: the writer waits until the master reads.
static void much(void)
{
	enum { SIZE = 200000 };
	static char data[SIZE], got[SIZE];
	size_t count = 0;
	pid_t child;

	make();
	set(0, 0, 0);
	for (int i = 0; i < SIZE; i++)
		data[i] = (char)(i * 7 + i / 251);
	child = fork();
	if (child == 0)
		_exit(write(slave, data, SIZE) != SIZE);
	while (count < SIZE) {
		ssize_t n = read(master, got + count, SIZE - count);

		if (n <= 0)
			break;
		count += (size_t)n;
	}
	waitpid(child, NULL, 0);
	check(count == SIZE && !memcmp(data, got, SIZE), "200,000 bytes from slave to master");
	child = fork();
	if (child == 0)
		_exit(write(master, data, SIZE) != SIZE);
	for (count = 0; count < SIZE;) {
		ssize_t n = read(slave, got + count, SIZE - count);

		if (n <= 0)
			break;
		count += (size_t)n;
	}
	waitpid(child, NULL, 0);
	check(count == SIZE && !memcmp(data, got, SIZE), "and from master to slave");
	unmake();
}

#define MANY 60

static void many(void)
{
	int masters[MANY], slaves[MANY], good = 0;

	for (int i = 0; i < MANY; i++) {
		if (!make())
			break;
		set(0, 0, 0);
		masters[i] = master;
		slaves[i] = slave;
		good += write(slave, &i, sizeof(i)) == sizeof(i);
	}
	check(good == MANY, "60 pseudo-terminals at once");
	for (int i = 0; i < good; i++) {
		int value = -1;

		if (read(masters[i], &value, sizeof(value)) != sizeof(value) || value != i)
			good = -1;
		close(masters[i]);
		close(slaves[i]);
	}
	check(good == MANY, "each has what was written to it");
}

static void sizes(void)
{
	struct winsize w = {30, 90, 5, 6}, got;

	make();
	check(ioctl(slave, TIOCGWINSZ, &got) == 0 && got.ws_row == 0 && got.ws_col == 0, "the size is 0 at first");
	check(ioctl(master, TIOCSWINSZ, &w) == 0 && ioctl(slave, TIOCGWINSZ, &got) == 0 &&
	      !memcmp(&w, &got, sizeof(w)), "the master's size is the slave's");
	unmake();
}

int main(void)
{
	signal(SIGHUP, SIG_IGN);
	alarm(60);
	if (access("/dev/ptmx", R_OK)) {
		check(true, "there is no /dev/ptmx here");
		return tap_end();
	}
	opening();
	canonical();
	eol();
	input_flags();
	output_flags();
	raw_reads();
	flow();
	flushing();
	packets();
	hang_up();
	waiting_reader();
	much();
	many();
	sizes();
	return tap_end();
}
