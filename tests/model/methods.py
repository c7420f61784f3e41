"""The methods of kernel objects: what each does to the abstract state (model.py)."""
from collections import namedtuple

from state import *  # noqa: F401,F403 - the vocabulary of the model

Method = namedtuple("Method", "words needs caps do")
METHODS = {}


def method(kind, label, words, needs=0, caps=()):
    def add(do):
        METHODS[(kind, label)] = Method(words, needs, caps, do)
        return do
    return add


# --- untyped

def align_up(value, bits): return (value + (1 << bits) - 1) >> bits << bits


def object_bits(kind, size_bits):
    """(log2 of the bytes or None, the limit that was broken)"""
    if kind == UNTYPED:
        return (size_bits if 6 <= size_bits < 48 else None), 6
    if kind == FRAME:
        size_bits &= ~0x100
        return (size_bits if 12 <= size_bits < 43 else None), 12
    if kind == CNODE:
        return (size_bits + 6 if 1 <= size_bits <= 20 else None), 20
    return (SIZES[kind] if kind in SIZES and size_bits == 0 else None), 0


def is_kind(kind): return kind in (UNTYPED, FRAME, CNODE) or kind in SIZES


def new_object(machine, kind, name, bits):
    makers = {THREAD: Thread, CONTEXT: Context, ENDPOINT: Endpoint, REPLY: Reply, NOTIFICATION: Notification,
              VSPACE: VSpace}
    if kind == CNODE:
        machine.objects[(CNODE, name)] = bits
    elif kind in makers:
        machine.objects[(kind, name)] = makers[kind](name)


def new_cap(kind, at, bits, size_bits):
    rights = {UNTYPED: RETYPE | RAW, CNODE: 15, FRAME: 15, VSPACE: MAP | RESTRICT, THREAD: 1, CONTEXT: 3, ENDPOINT: EP_SEND | EP_RECV | EP_GRANT | EP_WATCH,
              REPLY: REPLY_RIGHT,
              NOTIFICATION: 3}[kind]
    if kind == UNTYPED:
        return Cap(kind, rights, at, bits=bits)
    if kind == FRAME:
        return Cap(kind, rights, at // PAGE, count=(1 << bits) // PAGE)
    if kind == CNODE:
        return Cap(kind, rights, at, data=1 << size_bits)
    return Cap(kind, rights, at)


@method(UNTYPED, 1, 5, RETYPE, ((3, CNODE, DERIVE),))
def untyped_retype(m, cap, args, caps):
    kind, size_bits, count, first = args[0], args[1], args[2], args[4]
    bits, limit = object_bits(kind, size_bits)
    if not is_kind(kind):
        raise Failed(ARGUMENT, 1, 14)
    if bits is None:
        raise Failed(RANGE, 2, limit)
    raw = kind == FRAME and size_bits & 0x100
    size_bits &= 0xff
    if raw and not cap.rights & RAW:
        raise Failed(CAP_RIGHTS, 2, RAW)
    if cap.is_device and kind not in (FRAME, UNTYPED):
        raise Failed(ARGUMENT, 1, FRAME)
    if count == 0:
        raise Failed(RANGE, 3, 1)
    m.reap()
    for index in range(first, first + count):
        index &= MASK
        place = m.find(caps[0], index)
        if not place:
            raise Failed(RANGE, 5, caps[0].data, index)
        if place in m.slots:
            raise Failed(SLOT_USED, 5, 0, index)
        start = align_up(cap.data, bits)
        if start + (1 << bits) > 1 << cap.bits:
            raise Failed(NO_MEMORY, 0, (1 << cap.bits) - cap.data, index)
        cap.data = start + (1 << bits)
        made = new_cap(kind, cap.obj + start, bits, size_bits)
        made.is_device = cap.is_device
        if kind == UNTYPED:
            made.rights = cap.rights
        m.put(place, made)
        m.add_child(cap, made)
        new_object(m, kind, cap.obj + start, size_bits)
    return [first + count]


@method(UNTYPED, 2, 0, RETYPE)
def untyped_reset(m, cap, args, caps):
    if cap.children:
        raise Failed(HAS_CHILDREN)
    m.reap()
    cap.data = 0


@method(UNTYPED, 3, 0)
def untyped_info(m, cap, args, caps): return [cap.obj, cap.bits, cap.data]


# --- cnode

def slot_get(m, cnode, index, wrong, want_empty, rest=0):
    place = m.find(cnode, index & MASK)
    if not place:
        raise Failed(RANGE, wrong, cnode.data if cnode else 0, rest)
    if want_empty:
        if place in m.slots:
            raise Failed(SLOT_USED, wrong, 0, rest)
        return place
    if place not in m.slots:
        raise Failed(CAP_INVALID, wrong, 0, rest)
    return m.slots[place]


@method(CNODE, 1, 6, DERIVE, ((1, CNODE, DERIVE),))
def cnode_derive(m, cap, args, caps):
    place = slot_get(m, cap, args[0], 1, True)
    source = slot_get(m, caps[0], args[2], 3, False)
    try:
        made = m.derive_check(source, args[3] & 0xff, args[4], args[5])
    except Failed as f:
        raise Failed(f.error, 3 + f.wrong, f.limit) from None
    m.derive(source, made, place)


@method(CNODE, 2, 4, DERIVE, ((1, CNODE, DERIVE),))
def cnode_copy(m, cap, args, caps):
    bitmap = args[3]
    while bitmap:
        bit = (bitmap & -bitmap).bit_length() - 1
        place = slot_get(m, cap, args[0] + bit, 1, True, bitmap)
        source = slot_get(m, caps[0], args[2] + bit, 3, False, bitmap)
        if source.type in (UNTYPED, REPLY) or m.is_watched(source):
            raise Failed(CAP_TYPE, 3, 0, bitmap)
        made = Cap(source.type, source.rights, source.obj, source.data, source.count, source.bits,
                   source.is_device)
        m.put(place, made)
        made.parent = source.parent
        if source.parent:
            siblings = source.parent.children
            siblings.insert(siblings.index(source) + 1, made)
        bitmap &= bitmap - 1
    return [0]


@method(CNODE, 3, 4, MOVE, ((1, CNODE, MOVE),))
def cnode_move(m, cap, args, caps):
    dest, at, left = args[0], args[2], args[3]
    to, of = cap.place, caps[0].place
    while left:
        # The capabilities that are used may be among those that are moved: then they are gone.
        live = m.slots.get(of)
        source_place = m.find(live, at & MASK)
        if not source_place:
            raise Failed(RANGE, 3, live.data if live else 0, left)
        source = m.slots.get(source_place)
        if source:
            place = slot_get(m, m.slots.get(to), dest, 1, True, left)
            if source.is_pool:
                raise Failed(STATE, 3, 0, left)
            del m.slots[source_place]
            m.put(place, source)
        dest, at, left = dest + 1, at + 1, left - 1
    return [0]


@method(CNODE, 4, 2, DELETE)
def cnode_delete(m, cap, args, caps):
    first, count = args[0], args[1]
    own = cap.place
    while count:
        # The capability that is invoked may be among those that go.
        live = m.slots.get(own)
        place = m.find(live, first & MASK)
        if not place:
            m.reap()
            raise Failed(RANGE, 1, live.data if live else 0)
        if place in m.slots:
            m.delete(m.slots[place])
        first, count = first + 1, count - 1
    m.reap()


@method(CNODE, 5, 1, REVOKE)
def cnode_revoke(m, cap, args, caps):
    source = slot_get(m, cap, args[0], 1, False)
    while source.children:
        m.delete(source.children[0])
        if source.place is None:
            break
    m.reap()


@method(CNODE, 8, 2, REVOKE)
def cnode_revoke_run(m, cap, args, caps):
    first, count = args[0], args[1]
    own = cap.place
    while count:
        live = m.slots.get(own)
        place = m.find(live, first & MASK)
        if not place:
            m.reap()
            raise Failed(RANGE, 1, live.data if live else 0)
        source = m.slots.get(place)
        while source and source.children:
            m.delete(source.children[0])
            if source.place is None:
                break
        first, count = first + 1, count - 1
    m.reap()


@method(CNODE, 6, 1)
def cnode_info(m, cap, args, caps):
    place = m.find(cap, args[0])
    if not place:
        raise Failed(RANGE, 1, cap.data)
    slot = m.slots.get(place)
    if not slot:
        return [0, 0, 0, 0]
    data = slot.count if slot.type == FRAME else slot.bits if slot.type == UNTYPED else slot.data
    children = slot.children
    only = len(children) == 1 and not children[0].children
    return [slot.type, slot.rights, data, 0 if not children else 1 if only else 2]


@method(CNODE, 7, 3, 0, ((1, CNODE, 0),))
def cnode_compare(m, cap, args, caps):
    a = slot_get(m, cap, args[0], 1, False)
    b = slot_get(m, caps[0], args[2], 3, False)
    if a.type != b.type:
        return [0]
    if a.type == FRAME:
        return [int(a.obj < b.window_end() and b.obj < a.window_end())]
    return [int(a.obj == b.obj)]


# --- frame, vspace

@method(FRAME, 1, 3, 0, ((0, VSPACE, 1),))
def frame_map(m, cap, args, caps):
    vspace, address = m.object(caps[0]), args[1]
    rights = args[2] & cap.rights & (READ | WRITE | EXECUTE)
    if not rights & READ:
        raise Failed(CAP_RIGHTS, 3, cap.rights)
    m.range_check(address, cap.count)
    if cap.mapping:
        if cap.mapping[:2] != (vspace.name, address) or cap.mapping[2] == cap.count:
            raise Failed(MAPPED, 0, cap.mapping[1])
    else:
        cap.mapping = (vspace.name, address, 0)
        vspace.mapped.append(cap)
    try:
        m.map_pages(cap, rights)
    except Failed as f:
        done = cap.mapping[2]
        if done == 0:
            m.unmap(cap)
        raise Failed(f.error, 2, address + done * PAGE) from None


@method(FRAME, 2, 0)
def frame_unmap(m, cap, args, caps):
    if not cap.mapping:
        raise Failed(NOT_MAPPED)
    m.unmap(cap)


@method(FRAME, 3, 1)
def frame_protect(m, cap, args, caps):
    rights = args[0] & cap.rights & (READ | WRITE | EXECUTE)
    if not cap.mapping:
        raise Failed(NOT_MAPPED)
    if not rights & READ:
        raise Failed(CAP_RIGHTS, 1, cap.rights)
    done = args[1] if tag_words(m.current.tag) > 1 else 0
    for vspace, at in m.own_pages(cap):
        if (at - cap.mapping[1]) // PAGE < done:
            continue
        vspace.pages[at] = (vspace.pages[at][0], entry_make(rights))


@method(FRAME, 4, 0)
def frame_info(m, cap, args, caps):
    return [cap.count, cap.mapping[1] if cap.mapping else 0, cap.obj * PAGE if cap.rights & PHYSICAL else 0]


@method(VSPACE, 1, 1, 1, ((0, UNTYPED, RETYPE),))
def vspace_supply(m, cap, args, caps):
    untyped, vspace = caps[0], m.object(cap)
    if untyped.bits != 16 or untyped.is_device:
        raise Failed(RANGE, 1, 16)
    if untyped.children:
        raise Failed(HAS_CHILDREN, 1)
    m.reap()
    vspace.batches.insert(0, (untyped.obj, 15))
    del m.slots[untyped.place]
    m.put((untyped.obj, IN_BATCH), untyped)
    untyped.is_pool, untyped.data = True, 1 << 16


@method(VSPACE, 4, 3, RESTRICT)
def vspace_restrict(m, cap, args, caps):
    start, end, rights = args[:3]
    if (start | end) % PAGE:
        raise Failed(ALIGN, 1 if start % PAGE else 2, PAGE)
    if end > USER_END or start > end:
        raise Failed(RANGE, 2, USER_END)
    vspace = m.object(cap)
    for at, (physical, entry) in vspace.pages.items():
        if start <= at < end:
            gave = entry & (WRITE | EXECUTE) << GAVE
            entry = gave | (rights & gave >> GAVE if rights & READ else HIDDEN)
            vspace.pages[at] = (physical, entry)


# --- thread

def slot_replace(m, thread, which, made, source):
    place = (thread.name, IN_THREAD + which)
    if place in m.slots:
        m.delete(m.slots[place])
    if made:
        m.derive(source, made, place)


@method(THREAD, 1, 3, 1, ((0, CNODE, 0), (1, VSPACE, 1)))
def thread_set_space(m, cap, args, caps):
    thread, fault = m.object(cap), None
    if thread is m.current:
        raise Failed(STATE)
    if args[2]:
        fault = m.lookup(m.current, args[2])
        if not fault or fault.type != ENDPOINT:
            raise Failed(CAP_TYPE, 3, ENDPOINT)
        if fault.rights & (EP_SEND | EP_GRANT) != EP_SEND | EP_GRANT:
            raise Failed(CAP_RIGHTS, 3, EP_SEND | EP_GRANT)
    made = [m.derive_check(c, 0xff, 0, 0) if c else None for c in (caps[0], caps[1], fault)]
    for i, source in enumerate((caps[0], caps[1], fault)):
        slot_replace(m, thread, i, made[i], source)
    m.reap()


@method(THREAD, 3, 1, 1)
def thread_bind(m, cap, args, caps):
    thread = m.object(cap)
    slot = m.lookup(m.current, args[0]) if args[0] else None
    if args[0] and (not slot or slot.type != NOTIFICATION):
        raise Failed(CAP_TYPE, 1, NOTIFICATION)
    if slot and not slot.rights & WAIT:
        raise Failed(CAP_RIGHTS, 1, WAIT)
    if slot and m.object(slot).bound:
        raise Failed(BUSY, 1)
    m.unbind(thread)
    if slot:
        thread.bound = m.object(slot)
        thread.bound.bound = thread
        m.signal(thread.bound, 0)


@method(THREAD, 6, 0, 1)
def thread_suspend(m, cap, args, caps):
    thread = m.object(cap)
    m.unready(thread)
    if thread.state == READY:
        thread.state = STOPPED
        if thread is m.current:
            m.deliver(thread, CANCELLED)
            raise Broken()
    else:
        m.break_off(thread, CANCELLED)


@method(THREAD, 7, 0, 1)
def thread_resume(m, cap, args, caps):
    thread = m.object(cap)
    if thread.state != STOPPED:
        return
    if (thread.name, IN_THREAD + VSPACE_SLOT) not in m.slots:
        raise Failed(STATE)
    m.wake(thread)


@method(THREAD, 8, 6, 1)
def thread_set_redirect(m, cap, args, caps):
    thread = m.object(cap)
    for i in range(6):
        if args[i] > USER_END:
            raise Failed(RANGE, i + 1, USER_END)
    for i in (0, 5):
        if args[i] >= USER_END:
            raise Failed(RANGE, i + 1, USER_END)
    if args[0] and not thread.block:
        raise Failed(BLOCK)
    thread.redirect = args[0]
    thread.library = tuple(args[1:6])


@method(THREAD, 9, 1, 1)
def thread_upcall(m, cap, args, caps):
    thread = m.object(cap)
    library_start, library_end, exit_start, exit_end, slow_exit = thread.library
    if args[0] >= USER_END:
        raise Failed(RANGE, 1, USER_END)
    if not thread.block:
        raise Failed(BLOCK)
    if exit_start <= thread.ip < exit_end:
        thread.ip = slow_exit
        return [0]
    if library_start <= thread.ip < library_end:
        return [0]
    thread.block.redirect_ip = thread.ip
    thread.ip = args[0]
    return [1]


@method(THREAD, 10, 0, 1)
def thread_cancel(m, cap, args, caps):
    thread = m.object(cap)
    in_call = thread.state in (SENDING, ANSWER, RECEIVING, WAITING) and not thread.is_faulted
    if not in_call or not thread.tag & INTERRUPTIBLE:
        thread.is_sticky = True
        return [0]
    m.break_off(thread, CANCELLED)
    m.wake(thread)
    return [1]


# --- time

@method(CONTEXT, 1, 1, 1)
def context_bind(m, cap, args, caps):
    bind(m, cap, args, False)


@method(CONTEXT, 5, 1, 1)
def context_bind_reserve(m, cap, args, caps):
    bind(m, cap, args, True)


def bind(m, cap, args, is_reserve):
    context = m.object(cap)
    slot = m.lookup(m.current, args[0]) if args[0] else None
    if args[0] and (not slot or slot.type != THREAD):
        raise Failed(CAP_TYPE, 1, THREAD)
    if slot and not slot.rights & 1:
        raise Failed(CAP_RIGHTS, 1, 1)
    thread = m.object(slot) if slot else None
    if thread and not context.is_configured:
        raise Failed(STATE, 1)
    if thread and thread.own:
        raise Failed(BUSY, 1)
    m.context_unbind(context)
    if thread:
        context.thread, thread.own, context.is_reserve = thread, context, is_reserve
        if not is_reserve and thread.running:
            m.withdraw(thread.running)
        elif not thread.running and thread.state == READY:
            m.wake(thread)
        if not is_reserve and not thread.running:
            m.lend(context, thread)


@method(CONTEXT, 2, 1, 1)
def context_bind_notification(m, cap, args, caps):
    context = m.object(cap)
    slot = m.lookup(m.current, args[0]) if args[0] else None
    if args[0] and (not slot or slot.type != NOTIFICATION):
        raise Failed(CAP_TYPE, 1, NOTIFICATION)
    if slot and not slot.rights & SIGNAL:
        raise Failed(CAP_RIGHTS, 1, SIGNAL)
    source_bind(m, context, slot)


def source_bind(m, source, slot):
    if source.notification:
        source.notification.sources.remove(source)
    source.notification = None
    if slot:
        source.notification, source.badge = m.object(slot), slot.data
        source.notification.sources.append(source)


@method(CONTEXT, 3, 1, DEADLINE)
def context_set_deadline(m, cap, args, caps):
    context = m.object(cap)
    before = 0 if context.deadline == NEVER else context.deadline
    context.deadline = min(args[0], NEVER - 1) if args[0] else NEVER
    return [before]


@method(CONTEXT, 4, 0)
def context_consumed(m, cap, args, caps):
    return [m.object(cap).consumed]


@method(CONTEXT, 6, 1, 1)
def context_watch(m, cap, args, caps):
    context = m.object(cap)
    if args[0] > 7:
        raise Failed(RANGE, 1, 7)
    happened = context.happened
    context.events, context.happened, context.has_news = args[0], 0, False
    return [happened]


@method(CONTEXT, 7, 0, 1)
def context_yield_to(m, cap, args, caps):
    context, mine = m.object(cap), m.current.running
    queue = m.ready[context.priority]
    if context in queue:
        queue.remove(context)
        queue.insert(0, context)
    if not m.can_run(context.user) or context.is_used_up:
        return [0]
    if context is not mine and mine.priority == context.priority:
        m.current = None
        queue.append(mine)
    return [1]


@method(CONTROL, 2, 4, 1, ((0, CONTEXT, 1),))
def control_set_budget(m, cap, args, caps):
    context, budget, period = m.object(caps[0]), args[1], args[2]
    if 0 < budget < BUDGET_MIN:
        raise Failed(RANGE, 2, BUDGET_MIN)
    if period < budget or period >> 62:
        raise Failed(RANGE, 3, budget if period < budget else 1 << 62)
    context.budget, context.period, context.data = budget, period, args[3]
    m.refill(context, m.time)


# One core alone: nobody else makes it wait, or asks for anything.
@method(CONTROL, 3, 0)
def control_counters(m, cap, args, caps):
    return [0, 0, 0]


@method(THREAD, 11, 1, 1)
def thread_set_timeout(m, cap, args, caps):
    if args[0] > 1:
        raise Failed(RANGE, 1, 1)
    m.object(cap).is_timeout = bool(args[0])


@method(CONTROL, 1, 3, 1, ((0, CONTEXT, 1),))
def control_configure(m, cap, args, caps):
    context = m.object(caps[0])
    if args[1] > cap.data:
        raise Failed(RANGE, 2, cap.data)
    user = context.user
    if user:
        m.unready(user)
    context.is_configured, context.priority, context.slice = True, args[1], args[2]
    if user and user.state == READY:
        m.wake(user)


# --- interrupts

@method(INTERRUPT, 1, 1, 1)
def interrupt_bind(m, cap, args, caps):
    slot = m.lookup(m.current, args[0]) if args[0] else None
    if args[0] and (not slot or slot.type != NOTIFICATION):
        raise Failed(CAP_TYPE, 1, NOTIFICATION)
    if slot and not slot.rights & SIGNAL:
        raise Failed(CAP_RIGHTS, 1, SIGNAL)
    source_bind(m, m.object(cap), slot)


@method(INTERRUPT, 2, 0, 1)
def interrupt_ack(m, cap, args, caps):
    interrupt = m.object(cap)
    interrupt.is_masked = False
    if interrupt.is_pending:
        interrupt.is_pending = False
        m.interrupt_deliver(interrupt)
    else:
        interrupt.is_hidden = False


@method(IRQCONTROL, 1, 4, 1, ((2, CNODE, DERIVE),))
def irqcontrol_line(m, cap, args, caps):
    place = slot_get(m, caps[0], args[3], 4, True)
    if args[0] > 255 or args[1] > 3:
        raise Failed(RANGE, 1 if args[0] > 255 else 2, 3)
    if args[0] >= LINES or args[0] in m.lines:
        raise Failed(BUSY, 1)
    vector = interrupt_make(m, cap, place)
    m.lines[args[0]] = vector


@method(IRQCONTROL, 2, 2, 1, ((0, CNODE, DERIVE),))
def irqcontrol_message(m, cap, args, caps):
    interrupt_make(m, cap, slot_get(m, caps[0], args[1], 2, True))


def interrupt_make(m, cap, place):
    vector = next(v for v in range(32, 256) if (INTERRUPT, v) not in m.objects)
    m.objects[(INTERRUPT, vector)] = Interrupt(vector)
    made = Cap(INTERRUPT, 1, vector)
    m.put(place, made)
    m.add_child(cap, made)
    return vector
