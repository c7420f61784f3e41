"""What the kernel's calls do to its abstract state, told a second time.

Written from docs/spec, docs/decisions and abi/abi.def; it shares nothing with the kernel. The state is: who
holds what capability with which rights, what derives from what, what is mapped where, who waits for whom,
who runs. Objects are named by their physical addresses, capabilities by the object they lie in and an index.

Not told here: how long anything takes (restarts, slices), registers that no message uses, pages of
2 MiB, and more than one core.
"""
PAGE = 4096
USER_END = 0x7ffffffff000
NEVER = (1 << 64) - 1
MASK = (1 << 64) - 1

(NONE, UNTYPED, CNODE, FRAME, VSPACE, THREAD, CONTEXT, CONTROL, ENDPOINT, REPLY, NOTIFICATION, INTERRUPT,
 IRQCONTROL, IOPORT) = range(14)
HAS_OBJECT = {CNODE, VSPACE, THREAD, CONTEXT, ENDPOINT, REPLY, NOTIFICATION, INTERRUPT}

(OK, CAP_INVALID, CAP_TYPE, CAP_RIGHTS, METHOD, ARGUMENT, RANGE, ALIGN, SLOT_USED, NO_MEMORY, NOT_READY,
 CANCELLED, DEAD, TAG, MAPPED, NOT_MAPPED, HAS_CHILDREN, STATE, SYSCALL, NO_REPLY, BLOCK, BUSY) = range(22)

CALL, REPLY_RECV, SEND, RECV, NB_SEND, NB_RECV, YIELD = range(7)
SYSCALL_BASE = 0x50490000

# Rights, by type.
RETYPE, RAW = 1, 2
MOVE, DELETE, DERIVE, REVOKE = 1, 2, 4, 8
READ, WRITE, EXECUTE, PHYSICAL = 1, 2, 4, 8
GAVE, HIDDEN = 4, 0x80  # of an entry: how far left what its mapping gave lies; not to be touched
MAP, RESTRICT = 1, 2
EP_SEND, EP_RECV, EP_GRANT, EP_WATCH = 0x80, 0x40, 4, 8
REPLY_RIGHT = 0x20
SIGNAL, WAIT = 1, 2
DEADLINE = 2

STOPPED, READY, SENDING, ANSWER, RECEIVING, WAITING = range(6)
IDLE, OFFERED, PENDING, WAS_CANCELLED = range(4)
KIND_FAULT, KIND_NOTIFICATION, KIND_NO_SENDERS = 1, 2, 3
FAULT_PAGE, FAULT_EXCEPTION, FAULT_SYSCALL, FAULT_TIMEOUT = 1, 2, 3, 4
BLOCKED, UNBLOCKED, USED_UP = 1, 2, 4
BUDGET_MIN = 1000
FAULT_REPLY_JUMP = 1
INTERRUPTIBLE = 1 << 31
WORDS_MAX, CAPS_MAX, ITEMS_MAX = 64, 4, 4
REGISTER_WORDS = 8
LENDS_MAX = 16
IN_THREAD, IN_BATCH = 0x10000, 0x20000
CSPACE, VSPACE_SLOT, FAULT_SLOT, BLOCK_SLOT = range(4)
PRIORITY_MAX = 63
USER_CODE = 0x400000
SIZES = {VSPACE: 16, THREAD: 12, CONTEXT: 8, ENDPOINT: 9, REPLY: 6, NOTIFICATION: 7}
LINES = 24


def entry_make(rights):
    rights &= WRITE | EXECUTE
    return rights | rights << GAVE


def tag_make(label, words, caps=0, kind=0):
    return label | words << 32 | caps << 39 | kind << 48


def tag_label(tag): return tag & 0x7fffffff
def tag_words(tag): return tag >> 32 & 0x7f
def tag_caps(tag): return tag >> 39 & 7
def tag_items(tag): return tag >> 42 & 7
def tag_kind(tag): return tag >> 48 & 0xff


class Failed(Exception):
    """A call fails: the error, which argument was wrong, the limit that it broke, and word 2."""

    def __init__(self, error, wrong=0, limit=0, rest=0):
        super().__init__(error)
        self.error, self.wrong, self.limit, self.rest = error, wrong, limit, rest


class Broken(Exception):
    """The caller stopped or destroyed itself: nothing is answered."""


class Cap:
    """A capability in its place."""

    def __init__(self, kind, rights, obj, data=0, count=0, bits=0, device=False):
        self.type, self.rights, self.obj, self.data, self.count, self.bits = kind, rights, obj, data, count, bits
        self.mints = 0
        self.is_dead = self.is_pool = False
        self.is_device = device
        self.mapping = None      # (VSpace, address, pages)
        self.place = None
        self.parent = None
        self.children = []

    def window_end(self):
        return self.obj + self.count


class Thread:
    def __init__(self, name):
        self.name = name
        self.state = STOPPED
        self.is_sticky = self.is_faulted = self.is_call = self.is_timeout = False
        self.ip = 0
        self.err = self.cap = self.tag = self.reply_reg = 0
        self.words = [0] * 8
        self.endpoint = self.waiting = self.reply = self.bound = self.own = self.running = None
        self.badge = 0
        self.fault = None        # (label, words)
        self.block = None
        self.redirect = 0
        self.library = (0, 0, 0, 0, 0)


class Block:
    """The page of messages beyond the registers. caps, receive, window and items come with each call."""

    def __init__(self, name):
        self.name = name
        self.redirect_ip = self.redirect_flags = 0
        self.words = [0] * 56
        self.received = [0] * 4
        self.caps, self.receive, self.window, self.items = [0] * 4, (0, 0), (0, 0), [(0, 0, 0, 0, 0, 0)] * 4


class Endpoint:
    def __init__(self, name):
        self.name, self.senders, self.receivers, self.dead = name, [], [], []


class Reply:
    def __init__(self, name):
        self.name, self.state, self.caller, self.is_fault, self.receiver, self.lent = name, IDLE, None, False, None, None


class Notification:
    def __init__(self, name):
        self.name, self.bits, self.bound, self.waiters, self.sources = name, 0, None, [], []


class Context:
    def __init__(self, name):
        self.name = name
        self.is_configured, self.priority, self.slice = False, 0, 0
        self.thread = self.user = self.notification = None
        self.badge, self.deadline, self.lends = 0, NEVER, []
        self.budget = self.period = self.data = 0
        self.limit = self.refill = 0  # what it may have consumed; when it is full again
        self.consumed = 0
        self.events = self.happened = 0
        self.has_news = self.is_used_up = self.is_reserve = False

    def event(self):
        """When the timer has to do something for it."""
        return 0 if self.has_news else min(self.deadline, self.refill if self.is_used_up else NEVER)


class Interrupt:
    def __init__(self, name):
        self.name = name
        self.is_masked = self.is_pending = self.is_hidden = False
        self.notification, self.badge = None, 0


class VSpace:
    def __init__(self, name):
        self.name = name
        self.pages = {}          # address -> (physical, rights given and in force): 4 KiB each
        self.mapped = []         # capabilities, in the order of their mapping
        self.tables = {}         # (level, address): batch
        self.batches = [(name, 14)]

    def free_tables(self):
        return sum(free for _, free in self.batches)
