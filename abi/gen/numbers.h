// Made by tools/gen.py from abi/abi.def. Do not edit.
#ifndef ABI_GEN_NUMBERS_H
#define ABI_GEN_NUMBERS_H

#define OK 0  // done
#define ERR_CAP_INVALID 1  // the slot is empty, or its index is beyond the CSpace or the window
#define ERR_CAP_TYPE 2  // the capability is of another type than the operation needs
#define ERR_CAP_RIGHTS 3  // the capability lacks a right that the operation needs
#define ERR_METHOD 4  // the object has no such method
#define ERR_ARGUMENT 5  // the argument has a value that is never right
#define ERR_RANGE 6  // the argument is beyond its limit
#define ERR_ALIGN 7  // the argument is not a multiple of its limit
#define ERR_SLOT_USED 8  // the destination slot holds a capability
#define ERR_NO_MEMORY 9  // the untyped memory or the table pool that pays for this is used up
#define ERR_NOT_READY 10  // nobody is waiting at the other end, and the call does not wait
#define ERR_CANCELLED 11  // the interruptible call was cancelled
#define ERR_DEAD 12  // the peer was destroyed before it answered
#define ERR_TAG 13  // the message tag is malformed: too many words or capabilities, or a kind
#define ERR_MAPPED 14  // the Frame slot, or the address range, holds a mapping already
#define ERR_NOT_MAPPED 15  // the Frame slot holds no mapping
#define ERR_HAS_CHILDREN 16  // capabilities derived from this one exist: revoke first
#define ERR_STATE 17  // the object is not in a state that allows this
#define ERR_SYSCALL 18  // no such native system call
#define ERR_NO_REPLY 19  // the Reply is not pending: nobody waits for this answer
#define ERR_BLOCK 20  // the operation needs a thread block and the thread has none
#define ERR_BUSY 21  // the line, the range or the binding is taken
#define ERR_COUNT 22

#define TYPE_NONE 0
#define TYPE_UNTYPED 1
#define TYPE_CNODE 2
#define TYPE_FRAME 3
#define TYPE_VSPACE 4
#define TYPE_THREAD 5
#define TYPE_SCHEDCONTEXT 6
#define TYPE_SCHEDCONTROL 7
#define TYPE_ENDPOINT 8
#define TYPE_REPLY 9
#define TYPE_NOTIFICATION 10
#define TYPE_INTERRUPT 11
#define TYPE_IRQCONTROL 12
#define TYPE_IOPORT 13
#define TYPE_COUNT 14

#define UNTYPED_RETYPE (1u << 0)  // make objects, reset
#define UNTYPED_RAW (1u << 1)  // make frames without zeroing them: for whoever may see what the memory held before
#define UNTYPED_RIGHTS 0x3u
#define METHOD_UNTYPED_RETYPE 1
#define METHOD_UNTYPED_RESET 2
#define METHOD_UNTYPED_INFO 3

#define CNODE_MOVE (1u << 0)  // move capabilities within and out of the window
#define CNODE_DELETE (1u << 1)  // delete capabilities
#define CNODE_DERIVE (1u << 2)  // derive and copy: read slots as a source, fill slots as a destination
#define CNODE_REVOKE (1u << 3)  // revoke what was derived from a slot
#define CNODE_RIGHTS 0xfu
#define METHOD_CNODE_DERIVE 1
#define METHOD_CNODE_COPY 2
#define METHOD_CNODE_MOVE 3
#define METHOD_CNODE_DELETE 4
#define METHOD_CNODE_REVOKE 5
#define METHOD_CNODE_INFO 6
#define METHOD_CNODE_COMPARE 7
#define METHOD_CNODE_REVOKE_RUN 8

#define FRAME_READ (1u << 0)  // map readable
#define FRAME_WRITE (1u << 1)  // map writable
#define FRAME_EXECUTE (1u << 2)  // map executable
#define FRAME_PHYSICAL (1u << 3)  // learn the physical address: for memory that a device reads or writes
#define FRAME_RIGHTS 0xfu
#define METHOD_FRAME_MAP 1
#define METHOD_FRAME_UNMAP 2
#define METHOD_FRAME_PROTECT 3
#define METHOD_FRAME_INFO 4

#define VSPACE_MAP (1u << 0)  // map, unmap, supply, use for a thread
#define VSPACE_RESTRICT (1u << 1)  // restrict what is mapped: no more than its mappings gave
#define VSPACE_RIGHTS 0x3u
#define METHOD_VSPACE_SUPPLY 1
#define METHOD_VSPACE_CLONE 2
#define METHOD_VSPACE_UNMAP_RANGE 3
#define METHOD_VSPACE_RESTRICT 4
#define METHOD_VSPACE_MAP 5

#define THREAD_CONTROL (1u << 0)  // everything
#define THREAD_RIGHTS 0x1u
#define METHOD_THREAD_SET_SPACE 1
#define METHOD_THREAD_SET_BLOCK 2
#define METHOD_THREAD_BIND 3
#define METHOD_THREAD_READ 4
#define METHOD_THREAD_WRITE 5
#define METHOD_THREAD_SUSPEND 6
#define METHOD_THREAD_RESUME 7
#define METHOD_THREAD_SET_REDIRECT 8
#define METHOD_THREAD_UPCALL 9
#define METHOD_THREAD_CANCEL 10
#define METHOD_THREAD_SET_TIMEOUT 11

#define SCHEDCONTEXT_CONTROL (1u << 0)  // bind, configure
#define SCHEDCONTEXT_DEADLINE (1u << 1)  // set the deadline
#define SCHEDCONTEXT_RIGHTS 0x3u
#define METHOD_SCHEDCONTEXT_BIND 1
#define METHOD_SCHEDCONTEXT_BIND_NOTIFICATION 2
#define METHOD_SCHEDCONTEXT_SET_DEADLINE 3
#define METHOD_SCHEDCONTEXT_CONSUMED 4
#define METHOD_SCHEDCONTEXT_BIND_RESERVE 5
#define METHOD_SCHEDCONTEXT_WATCH 6
#define METHOD_SCHEDCONTEXT_YIELD_TO 7

#define SCHEDCONTROL_CONFIGURE (1u << 0)  // configure contexts
#define SCHEDCONTROL_RIGHTS 0x1u
#define METHOD_SCHEDCONTROL_CONFIGURE 1
#define METHOD_SCHEDCONTROL_SET_BUDGET 2
#define METHOD_SCHEDCONTROL_COUNTERS 3

#define ENDPOINT_SEND (1u << 7)  // send and call
#define ENDPOINT_RECV (1u << 6)  // receive
#define ENDPOINT_GRANT (1u << 2)  // send capabilities along
#define ENDPOINT_WATCH (1u << 3)  // this slot is a watched parent: when its last child goes, a receiver hears of it (kind NO_SENDERS). Never inherited by a child.
#define ENDPOINT_RIGHTS 0xccu

#define REPLY_REPLY (1u << 5)  // answer, receive with it
#define REPLY_RIGHTS 0x20u

#define NOTIFICATION_SIGNAL (1u << 0)  // signal
#define NOTIFICATION_WAIT (1u << 1)  // wait
#define NOTIFICATION_RIGHTS 0x3u

#define INTERRUPT_HANDLE (1u << 0)  // bind, acknowledge
#define INTERRUPT_RIGHTS 0x1u
#define METHOD_INTERRUPT_BIND 1
#define METHOD_INTERRUPT_ACK 2
#define METHOD_INTERRUPT_INFO 3

#define IRQCONTROL_MAKE (1u << 0)  // make
#define IRQCONTROL_RIGHTS 0x1u
#define METHOD_IRQCONTROL_LINE 1
#define METHOD_IRQCONTROL_MESSAGE 2

#define IOPORT_IN (1u << 0)  // read
#define IOPORT_OUT (1u << 1)  // write
#define IOPORT_RIGHTS 0x3u
#define METHOD_IOPORT_IN 1
#define METHOD_IOPORT_OUT 2

#endif
