#include <stdio.h>
#include <string.h>

#include "abi/gen/stubs.h"
#include "lib/rt/rt.h"
#include "protocol/gen/log.h"
#include "servers/supervisor/machine.h"

#define SERIAL 0x3f8
#define SERIAL_STATUS (SERIAL + 5)
#define SERIAL_SENT 0x20
#define SERIAL_IDLE 0x40
#define SERIAL_FIFO 16

#define RTC_INDEX 0x70
#define RTC_DATA 0x71
#define RTC_STATUS_A 10
#define RTC_STATUS_B 11

// QEMU's q35: the power management block lies at 0x600; sleep type 0 is S5.
#define PM1_CONTROL 0x604
#define PM1_SLEEP 0x2000
#define POWER_OFF_NS 1000000000ull  // it takes effect a moment later
#define RESET_CONTROL 0xcf9
#define KEYBOARD 0x64
#define KEYBOARD_RESET 0xfe

static cap_t log_endpoint;
static void (*log_settle)(void);

static uint64_t port_read(uint64_t port, unsigned size)
{
	uint64_t value = 0;

	(void)ioport_in(BOOT_SLOT_IOPORT, port, size, &value);
	return value;
}

static void port_write(uint64_t port, unsigned size, uint64_t value)
{
	(void)ioport_out(BOOT_SLOT_IOPORT, port, size, value);
}

void machine_log_to(cap_t endpoint, void (*settle)(void))
{
	log_endpoint = endpoint;
	log_settle = settle;
}

bool machine_log_is_idle(void)
{
	return !log_endpoint || port_read(SERIAL_STATUS, 1) & SERIAL_IDLE;
}

static void serial_write(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		for (unsigned n = 0; i % SERIAL_FIFO == 0 && n < 100000; n++)
			if (port_read(SERIAL_STATUS, 1) & SERIAL_SENT)
				break;
		port_write(SERIAL, 1, (unsigned char)text[i]);
	}
}

// Hand the line to the driver if it is waiting for one: the supervisor waits for nobody for ever.
static bool driver_write(const char *text, size_t length)
{
	uint64_t words[55] = {0};
	unsigned count = (unsigned)(length + 7) / 8;
	struct msg m = {.tag = TAG(LOG_WRITE, 1 + count), .words = {length}};

	memcpy(words, text, length);
	msg_set_words(&m, 1, words, count);
	return log_endpoint && !sys_nb_send(log_endpoint, &m);
}

void rt_log_line(const char *text, size_t length)
{
	static const char name[] = "supervisor: ";

	if (length > 440)
		length = 440;
	if (driver_write(text, length))
		return;
	if (log_endpoint) {
		log_settle();
		if (driver_write(text, length))
			return;
	}
	serial_write(name, sizeof(name) - 1);
	serial_write(text, length);
	serial_write("\r\n", 2);
}

static uint32_t rtc_read(unsigned index)
{
	port_write(RTC_INDEX, 1, index);
	return (uint32_t)port_read(RTC_DATA, 1);
}

static bool rtc_read_all(uint32_t values[6])
{
	static const uint8_t index[6] = {0, 2, 4, 7, 8, 9};  // second, minute, hour, day, month, year

	for (unsigned n = 0; rtc_read(RTC_STATUS_A) & 0x80; n++)
		if (n == 10000)
			return false;
	for (unsigned i = 0; i < 6; i++)
		values[i] = rtc_read(index[i]);
	return true;
}

static uint32_t from_bcd(uint32_t value) { return (value >> 4) * 10 + (value & 15); }

// Days from 1970-01-01 to a date of the Gregorian calendar: years that start in March make the
// leap day the last.
static uint64_t days_from_date(uint64_t year, uint64_t month, uint64_t day)
{
	uint64_t y = month <= 2 ? year - 1 : year;
	uint64_t m = (month + 9) % 12;

	return 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1 - 719468;
}

uint64_t machine_clock(void)
{
	uint32_t v[6], again[6], format = rtc_read(RTC_STATUS_B);
	bool is_afternoon;

	for (unsigned n = 0; n == 0 || memcmp(v, again, sizeof(v)); n++)
		if (n == 5 || !rtc_read_all(v) || !rtc_read_all(again))
			return 0;
	is_afternoon = !(format & 2) && v[2] & 0x80;
	v[2] &= 0x7f;
	for (unsigned i = 0; i < 6 && !(format & 4); i++)
		v[i] = from_bcd(v[i]);
	if (!(format & 2))
		v[2] = v[2] % 12 + (is_afternoon ? 12 : 0);
	if (v[4] < 1 || v[4] > 12 || v[3] < 1 || v[3] > 31 || v[5] > 99)
		return 0;
	return (days_from_date(2000 + v[5], v[4], v[3]) * 86400 + v[2] * 3600u + v[1] * 60u + v[0]) *
	       1000000000;
}

_Noreturn void machine_power_off(void)
{
	uint64_t end = rt_clock_monotonic() + POWER_OFF_NS;

	port_write(PM1_CONTROL, 2, PM1_SLEEP);
	while (rt_clock_monotonic() < end)
		;
	rt_log("the machine does not switch off; resetting it");
	machine_restart();
}

_Noreturn void machine_restart(void)
{
	port_write(RESET_CONTROL, 1, 2);
	port_write(RESET_CONTROL, 1, 6);
	port_write(KEYBOARD, 1, KEYBOARD_RESET);
	for (;;)
		__builtin_trap();
}
