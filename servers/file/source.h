// What becomes ready: a pipe, an event, an epoll set. Who watches it hears of every change (board.c).
#ifndef FILE_SOURCE_H
#define FILE_SOURCE_H

struct watch;

struct source {
	struct watch *watches;
};

#endif
