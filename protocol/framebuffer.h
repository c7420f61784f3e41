// The screen, as the boot loader's word on the command line describes it:
//
//	framebuffer=ADDRESS,WIDTH,HEIGHT,PITCH,BITS,RED,GREEN,BLUE
//
// ADDRESS is physical, PITCH the bytes of a line, BITS those of a pixel (32 or 24), RED, GREEN and BLUE
// the positions of the lowest of their eight bits. Numbers are decimal or 0x...
#ifndef PROTOCOL_FRAMEBUFFER_H
#define PROTOCOL_FRAMEBUFFER_H

#include <stdbool.h>
#include <stdint.h>

struct framebuffer {
	uint64_t address;
	uint32_t width, height;  // pixels
	uint32_t pitch;          // bytes
	uint32_t bits;           // of a pixel
	uint32_t red, green, blue;
};

// Read the word out of a command line. False: there is none, or it describes no screen that can be used
// (8 to 16,384 pixels each way, 24 or 32 bits, lines that hold their pixels).
bool framebuffer_parse(const char *command_line, struct framebuffer *screen);

static inline uint64_t framebuffer_bytes(const struct framebuffer *screen)
{
	return (uint64_t)screen->pitch * screen->height;
}

#endif
