// I/O ports: widths, ranges. The serial port's scratch register keeps what is written to it.
#define CATEGORY "ports"
#include "tests/conform/conform.h"

#define SCRATCH 0x3ff
#define ALL_PORTS BOOT_SLOT_IOPORT

static uint64_t in(cap_t range, uint64_t port, uint64_t size)
{
	uint64_t value = ~0ull;

	WORKS(ioport_in(range, port, size, &value));
	return value;
}

CASE(a_byte_is_written_and_read)
{
	for (uint64_t value = 0; value < 256; value += 17) {
		WORKS(ioport_out(ALL_PORTS, SCRATCH, 1, value));
		EQ(in(ALL_PORTS, SCRATCH, 1), value);
	}
}
CASE(a_byte_is_all_that_is_written)
{
	WORKS(ioport_out(ALL_PORTS, SCRATCH, 1, 0xffffffffffffff12ull));
	EQ(in(ALL_PORTS, SCRATCH, 1), 0x12);
}
CASE(what_is_read_is_no_wider_than_its_size)
{
	TRUE(in(ALL_PORTS, SCRATCH, 1) < 1u << 8);
	TRUE(in(ALL_PORTS, 0xe000, 2) < 1ull << 16);
	TRUE(in(ALL_PORTS, 0xe000, 4) < 1ull << 32);
}
CASE(sizes_but_1_2_and_4_are_refused)
{
	static const uint64_t sizes[] = {0, 3, 5, 8, ~0ull};

	for (unsigned i = 0; i < 5; i++) {
		REFUSED(ERR_ARGUMENT, 2, ALL_PORTS, METHOD_IOPORT_IN, SCRATCH, sizes[i]);
		REFUSED(ERR_ARGUMENT, 2, ALL_PORTS, METHOD_IOPORT_OUT, SCRATCH, sizes[i], 0);
	}
}
CASE(a_port_beyond_the_range_is_refused)
{
	REFUSED(ERR_RANGE, 1, ALL_PORTS, METHOD_IOPORT_IN, 0x10000, 1);
	REFUSED(ERR_RANGE, 1, ALL_PORTS, METHOD_IOPORT_OUT, ~0ull, 1, 0);
	REFUSED(ERR_RANGE, 1, ALL_PORTS, METHOD_IOPORT_IN, 1ull << 32 | SCRATCH, 1);
}
CASE(an_access_that_reaches_out_of_the_range_is_refused)
{
	REFUSED(ERR_RANGE, 1, ALL_PORTS, METHOD_IOPORT_IN, 0xffff, 2);
	REFUSED(ERR_RANGE, 1, ALL_PORTS, METHOD_IOPORT_IN, 0xfffd, 4);
	REFUSED(ERR_RANGE, 1, ALL_PORTS, METHOD_IOPORT_OUT, 0xffff, 4, 0);
}
CASE(a_narrowed_range_counts_from_its_first_port)
{
	cap_t part = derive(ALL_PORTS, ALL, SCRATCH, 1);

	WORKS(ioport_out(part, 0, 1, 0x5a));
	EQ(in(ALL_PORTS, SCRATCH, 1), 0x5a);
	REFUSED(ERR_RANGE, 1, part, METHOD_IOPORT_IN, 1, 1);
	REFUSED(ERR_RANGE, 1, part, METHOD_IOPORT_IN, 0, 2);
}
CASE(a_range_may_be_read_only)
{
	cap_t part = derive(ALL_PORTS, IOPORT_IN, SCRATCH, 1);

	in(part, 0, 1);
	EQ(ioport_out(part, 0, 1, 0), ERR_CAP_RIGHTS);
}
CASE(a_range_may_be_write_only)
{
	cap_t part = derive(ALL_PORTS, IOPORT_OUT, SCRATCH, 1);

	WORKS(ioport_out(part, 0, 1, 3));
	EQ(ioport_in(part, 0, 1, NULL), ERR_CAP_RIGHTS);
}
CASE(a_revoked_range_is_gone)
{
	cap_t range = derive(ALL_PORTS, ALL, SCRATCH, 1), part = derive(range, ALL, 0, 0);

	WORKS(revoke(range));
	EQ(ioport_in(part, 0, 1, NULL), ERR_CAP_INVALID);
}
