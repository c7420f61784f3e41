// A terminal: a line discipline, a session, a place for output. The console is one; each
// pseudo-terminal is another, made when /dev/ptmx is opened, gone when its last handle is.
//
// Invariants:
// 1. A terminal has a session (sid) or has none (0); a session has one terminal at most.
// 2. A hung-up terminal answers reads with an end and all else with an error, for ever.
#ifndef SERVERS_TERMINAL_TTY_H
#define SERVERS_TERMINAL_TTY_H

#include "lib/sys/msg.h"
#include "servers/terminal/line.h"

#define TTY_OUT_SIZE 8192u
#define TTY_NUMBER_MAX 64        // pseudo-terminals at once
#define TTY_DEVICE_PTY 0x8800u   // 136:n

// What a process is that speaks (session_who).
struct speaker {
	uint32_t pid, pgid, sid, flags;  // WHO_*
	uint32_t uid, gid;
};

struct tty {
	struct line line;
	bool is_console, hung, locked;
	bool packet, had_slave;      // a slave was open once
	uint8_t packet_status;       // TIOCPKT_* not yet read
	uint32_t number, users;      // of /dev/pts; handles that name it, slave and master
	uint32_t masters, slaves;
	uint32_t sid, foreground;
	uint16_t rows, columns, x, y;
	cap_t device;                // capability that the file server hands out
	uint64_t badge;              // of it
	uint64_t typed;              // bytes that the master wrote, in all
	uint32_t out_head, out_tail; // of a pseudo-terminal: what the master reads
	uint8_t *out;
};

extern struct tty console;

// tty.c
void tty_init(struct tty *tty, bool is_console);
struct tty *tty_find(uint32_t number);
struct tty *tty_of_session(uint32_t sid);
// A new pseudo-terminal, locked, with its node in /dev/pts. Null with *error set.
struct tty *tty_make(const struct speaker *owner, int64_t *error);
// A handle comes or goes.
void tty_open(struct tty *tty, bool is_master);
void tty_close(struct tty *tty, bool is_master);
uint32_t tty_out_room(const struct tty *tty);
void tty_out_put(struct tty *tty, const uint8_t *bytes, uint32_t count);
uint32_t tty_out_count(const struct tty *tty);
uint32_t tty_out_get(const struct tty *tty, uint8_t *to, uint32_t size);  // without taking
void tty_out_take(struct tty *tty, uint32_t count);
void tty_packet(struct tty *tty, uint8_t bits);
void tty_size_set(struct tty *tty, uint16_t rows, uint16_t columns, uint16_t x, uint16_t y);
void tty_flush(struct tty *tty, bool input, bool output);

// job.c: sessions and groups.
bool job_speaker(uint64_t token, struct speaker *who);
void job_signal(struct tty *tty, int number);  // to the foreground group
void job_console_start(void);                  // the first program's session
// May the caller read, write or change? 0; -ERESTARTSYS: a signal was sent, ask again; or -errno.
int64_t job_check_read(struct tty *tty, uint64_t token);
int64_t job_check_change(struct tty *tty, uint64_t token);
int64_t job_attach(struct tty *tty, const struct speaker *who, uint64_t steal);
void job_open(struct tty *tty, const struct speaker *who);  // open without O_NOCTTY
void job_detach(struct tty *tty, struct msg *m);
int64_t job_foreground_get(struct tty *tty, uint64_t token, bool is_master);
int64_t job_foreground_set(struct tty *tty, uint64_t token, int32_t pgid);
int64_t job_session_get(struct tty *tty, uint64_t token, bool is_master);
void job_hang_up(struct tty *tty);
void job_sessions_check(void);  // a session's leader may have ended

#endif
