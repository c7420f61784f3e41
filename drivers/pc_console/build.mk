# The terminal's emulation, as Debian built it.
LIBS_pc_console := $B/debian/root/libvterm-dev/usr/lib/x86_64-linux-gnu/libvterm.a
$(LIBS_pc_console): $B/debian/iso.stamp ;
$B/user/drivers/pc_console/emulator.c.o: USER_FLAGS += -isystem $B/debian/root/libvterm-dev/usr/include
$B/user/drivers/pc_console/emulator.c.o: $B/debian/iso.stamp
