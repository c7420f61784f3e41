// pith-relay: runs the machine (QEMU) and joins its ports to our standard streams.
//
// States: the machine runs -> it is ending (EXIT has come, or it has closed its control
// port) -> everything that was written before is passed on -> QEMU is killed.
//
// Invariants:
//  1. No byte is lost or changed, in either direction, unless its reader has gone.
//  2. A stream that waits holds up only itself.
//  3. However we end, but by SIGKILL, the terminal is as it was and QEMU is dead; by
//     SIGKILL QEMU dies too (machine.c).
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tools/host/relay.h"

#define CTRL_C 3

struct relay {
	struct options options;
	struct machine machine;
	struct channel channel;
	struct input input;
	struct output out, err;
	struct timespec deadline;
};

static struct relay relay;
static volatile sig_atomic_t got_signal, got_winsize, got_continue;

static void handle_signal(int number)
{
	if (number == SIGWINCH)
		got_winsize = 1;
	else if (number == SIGCONT)
		got_continue = got_winsize = 1;
	else
		got_signal = number;
}

static int file_remove(const char *path, const struct stat *info, int type, struct FTW *ftw)
{
	(void)info, (void)type, (void)ftw;
	return remove(path);
}

// What has to be undone however we end.
static void relay_free(void)
{
	machine_free(&relay.machine);
	terminal_free();
	if (relay.options.scratch)
		nftw(relay.options.scratch, file_remove, 16, FTW_DEPTH | FTW_PHYS);
	if (relay.options.last_log)
		rename(relay.options.log, relay.options.last_log);
}

void fail(int status, const char *format, ...)
{
	va_list args;

	terminal_free();
	fputs("pith: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	relay_free();
	exit(status);
}

static void option_set(struct options *options, const char *name, char *value)
{
	char *end = value;

	if (!value)
		fail(STATUS_USAGE, "relay: %s needs a value", name);
	if (strcmp(name, "--log") == 0)
		options->log = value;
	else if (strcmp(name, "--last-log") == 0)
		options->last_log = value;
	else if (strcmp(name, "--scratch") == 0)
		options->scratch = value;
	else if (strcmp(name, "--timeout") == 0)
		options->timeout = strtod(value, &end);
	else
		fail(STATUS_USAGE, "relay: unknown option %s", name);
	if (strcmp(name, "--timeout") == 0 &&
	    (*end || end == value || !(options->timeout > 0 && options->timeout < 1e9)))
		fail(STATUS_USAGE, "--timeout: '%s' is not a number of seconds above 0", value);
}

// relay [OPTION VALUE]... QEMU [ARGUMENT]... -- COMMAND [ARGUMENT]...
static void options_init(struct options *options, char **argv)
{
	argv++;
	for (; argv[0] && argv[0][0] == '-' && strcmp(argv[0], "--") != 0; argv += 2)
		option_set(options, argv[0], argv[1]);
	options->machine = argv;
	for (; argv[0] && strcmp(argv[0], "--") != 0; argv++)
		options->machine_count++;
	if (!options->log || options->machine_count == 0 || !argv[0] || !argv[1])
		fail(STATUS_USAGE, "usage: relay --log FILE [--last-log FILE] [--scratch FOLDER] "
				   "[--timeout SECONDS] QEMU [ARGUMENT]... -- COMMAND [ARGUMENT]...");
	options->command = argv + 1;
}

// A closed standard stream would give its number to the next file that is opened.
static void streams_open(void)
{
	for (int fd = 0; fd < 3; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDONLY) != fd)
			exit(STATUS_MACHINE);
}

// Signals stay blocked but while waiting, so none is lost between a test and a wait.
static void signals_init(void)
{
	static const int handled[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGWINCH, SIGCONT};
	struct sigaction action = {.sa_handler = handle_signal};
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < sizeof(handled) / sizeof(*handled); i++) {
		struct sigaction old;

		sigaddset(&set, handled[i]);
		sigaction(handled[i], NULL, &old);
		// Ignored by the caller (nohup, a shell's background job): stays so.
		if (old.sa_handler != SIG_IGN || handled[i] == SIGWINCH)
			sigaction(handled[i], &action, NULL);
	}
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGTTOU, SIG_IGN);
	signal(SIGTSTP, SIG_IGN);
}

static bool is_input_wanted(void)
{
	return !relay.input.is_ended && relay.input.start == relay.input.end &&
	       !relay.channel.is_ended;
}

static struct pollfd entry(bool is_wanted, int fd, short events)
{
	return (struct pollfd){.fd = is_wanted ? fd : -1, .events = events};
}

static bool output_is_full(const struct output *output)
{
	return output->start < output->end;
}

// How long until the deadline; false when it has passed.
static bool deadline_get(struct timespec *left)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	left->tv_sec = relay.deadline.tv_sec - now.tv_sec;
	left->tv_nsec = relay.deadline.tv_nsec - now.tv_nsec;
	if (left->tv_nsec < 0) {
		left->tv_nsec += 1000000000;
		left->tv_sec--;
	}
	return left->tv_sec >= 0;
}

// Wait until something can be done. Returns whether standard input is ready.
static bool relay_wait(void)
{
	struct timespec left = {0, 0};
	bool is_timed = relay.options.timeout > 0;
	sigset_t none;
	struct pollfd fds[] = {
		entry(is_input_wanted(), relay.input.fd, POLLIN),
		entry(relay.input.start < relay.input.end, relay.input.port, POLLOUT),
		entry(!relay.channel.is_ended, relay.channel.fd, POLLIN),
		entry(!channel_is_idle(&relay.channel), relay.channel.fd, POLLOUT),
		entry(!output_is_full(&relay.out) && !relay.out.is_ended, relay.out.port, POLLIN),
		entry(!output_is_full(&relay.err) && !relay.err.is_ended, relay.err.port, POLLIN),
		entry(output_is_full(&relay.out), relay.out.fd, POLLOUT),
		entry(output_is_full(&relay.err), relay.err.fd, POLLOUT),
	};

	if (got_signal || (is_timed && !deadline_get(&left)))
		return false;
	sigemptyset(&none);
	if (ppoll(fds, sizeof(fds) / sizeof(*fds), is_timed ? &left : NULL, &none) <= 0)
		return false;
	return fds[0].revents != 0;
}

// Ctrl-C of a terminal is the program's, unless the machine is not up: then it would
// wait there for ever.
static void interrupt_check(void)
{
	const struct input *input = &relay.input;

	if (terminal_is_raw() && !channel_is_taken(&relay.channel) &&
	    memchr(input->data + input->start, CTRL_C, input->end - input->start))
		got_signal = SIGINT;
}

static void input_move(bool is_ready)
{
	struct input *input = &relay.input;

	if (is_ready && is_input_wanted()) {
		input_read(input);
		interrupt_check();
	}
	input_send(input);
	if (input->is_ended && !input->is_told && input->start == input->end) {
		struct control_eof eof = {input->total};

		channel_add(&relay.channel, CONTROL_EOF, &eof, sizeof(eof));
		input->is_told = true;
	}
}

static void outputs_move(void)
{
	struct output *outputs[] = {&relay.out, &relay.err};

	for (int i = 0; i < 2; i++) {
		if (!output_move(outputs[i]))
			continue;

		struct control_closed closed = {outputs[i]->number};

		channel_add(&relay.channel, CONTROL_CLOSED, &closed, sizeof(closed));
	}
}

static void signals_serve(void)
{
	if (got_continue) {
		got_continue = 0;
		terminal_init();
	}
	// One at a time: a window that is being dragged must not fill the channel.
	if (got_winsize && channel_is_idle(&relay.channel)) {
		struct control_winsize size = terminal_get_size();

		got_winsize = 0;
		channel_add(&relay.channel, CONTROL_WINSIZE, &size, sizeof(size));
	}
}

// Returns the status to end with. The control port is read before the outputs: then
// "drained" below means drained after EXIT.
static int relay_run(void)
{
	struct timespec left;

	for (bool is_ready = false;; is_ready = relay_wait()) {
		if (got_signal)
			return STATUS_SIGNAL + got_signal;
		if (relay.options.timeout > 0 && !deadline_get(&left))
			return STATUS_TIMEOUT;
		signals_serve();
		channel_recv(&relay.channel);
		input_move(is_ready);
		outputs_move();
		channel_send(&relay.channel);
		if (relay.channel.is_ended && relay.out.is_drained && relay.err.is_drained)
			return relay.channel.has_exit ? (int)relay.channel.status : STATUS_MACHINE;
	}
}

static void deadline_init(void)
{
	double seconds = relay.options.timeout;

	clock_gettime(CLOCK_MONOTONIC, &relay.deadline);
	relay.deadline.tv_sec += (time_t)seconds;
	relay.deadline.tv_nsec += (long)((seconds - (double)(time_t)seconds) * 1e9);
	if (relay.deadline.tv_nsec >= 1000000000) {
		relay.deadline.tv_nsec -= 1000000000;
		relay.deadline.tv_sec++;
	}
}

// Our own words come after the program's, on a terminal that is as it was. A log that
// we point at keeps its name, which no other run will take.
static void relay_explain(int status, const char *log)
{
	if (relay.channel.has_exit || status == STATUS_SIGNAL + got_signal)
		return;
	relay.options.last_log = NULL;
	outputs_move();
	terminal_free();
	if (status == STATUS_TIMEOUT)
		fprintf(stderr, "pith: stopped after %g seconds; see %s\n", relay.options.timeout,
			log);
	else
		fprintf(stderr, "pith: the machine stopped without a status; see %s\n", log);
	if (status == STATUS_MACHINE)
		machine_print_log(&relay.machine, log);
}

int main(int argc, char **argv)
{
	(void)argc;
	streams_open();
	options_init(&relay.options, argv);
	signals_init();
	deadline_init();
	// The command line is checked here, before anything is started.
	channel_init(&relay.channel, -1, relay.options.command);
	machine_init(&relay.machine, &relay.options);
	relay.channel.fd = relay.machine.ports[CONTROL_PORT_CONTROL - 1];
	input_init(&relay.input, STDIN_FILENO, relay.machine.ports[CONTROL_PORT_IN - 1]);
	output_init(&relay.out, STDOUT_FILENO, relay.machine.ports[CONTROL_PORT_OUT - 1],
		    CONTROL_STREAM_OUT);
	output_init(&relay.err, STDERR_FILENO, relay.machine.ports[CONTROL_PORT_ERR - 1],
		    CONTROL_STREAM_ERR);
	terminal_init();

	int status = relay_run();

	machine_free(&relay.machine);
	relay_explain(status, relay.options.log);
	relay_free();
	return status;
}
