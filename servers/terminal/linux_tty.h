// Numbers of Linux x86-64 that the terminal needs.
#ifndef SERVERS_TERMINAL_LINUX_TTY_H
#define SERVERS_TERMINAL_LINUX_TTY_H

#define TTY_VINTR 0
#define TTY_VQUIT 1
#define TTY_VERASE 2
#define TTY_VKILL 3
#define TTY_VEOF 4
#define TTY_VTIME 5
#define TTY_VMIN 6
#define TTY_VSTART 8
#define TTY_VSTOP 9
#define TTY_VSUSP 10
#define TTY_VEOL 11
#define TTY_VREPRINT 12
#define TTY_VWERASE 14
#define TTY_VLNEXT 15
#define TTY_VEOL2 16

#define TTY_ISTRIP 0x20u
#define TTY_INLCR 0x40u
#define TTY_IGNCR 0x80u
#define TTY_ICRNL 0x100u
#define TTY_IUCLC 0x200u
#define TTY_IXON 0x400u
#define TTY_IXANY 0x800u
#define TTY_IUTF8 0x4000u

#define TTY_OPOST 0x1u
#define TTY_ONLCR 0x4u
#define TTY_OCRNL 0x8u
#define TTY_ONOCR 0x10u
#define TTY_ONLRET 0x20u

#define TTY_ISIG 0x1u
#define TTY_ICANON 0x2u
#define TTY_ECHO 0x8u
#define TTY_ECHOE 0x10u
#define TTY_ECHOK 0x20u
#define TTY_ECHONL 0x40u
#define TTY_NOFLSH 0x80u
#define TTY_ECHOCTL 0x200u
#define TTY_ECHOKE 0x800u
#define TTY_IEXTEN 0x8000u

#define TTY_SIGINT 2
#define TTY_SIGQUIT 3
#define TTY_SIGTSTP 20
#define TTY_SIGWINCH 28

#define TTY_TCGETS 0x5401
#define TTY_TCSETS 0x5402
#define TTY_TCSETSW 0x5403
#define TTY_TCSETSF 0x5404
#define TTY_TCSBRK 0x5409
#define TTY_TCXONC 0x540a
#define TTY_TCFLSH 0x540b
#define TTY_TIOCSCTTY 0x540e
#define TTY_TIOCGPGRP 0x540f
#define TTY_TIOCSPGRP 0x5410
#define TTY_TIOCOUTQ 0x5411
#define TTY_TIOCGWINSZ 0x5413
#define TTY_TIOCSWINSZ 0x5414
#define TTY_FIONREAD 0x541b
#define TTY_TIOCNOTTY 0x5422
#define TTY_TIOCGSID 0x5429

#endif
