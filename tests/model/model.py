"""The machine as the model has it: system calls, and what comes by itself."""
from state import *  # noqa: F401,F403 - the vocabulary of the model
from capability import Capabilities
from mapping import Mappings
from message import Messages
from schedule import Schedule


class Machine(Capabilities, Schedule, Messages, Mappings):
    def __init__(self, methods):
        self.methods = methods   # (type, label) -> methods.Method
        self.slots = {}          # place -> Cap
        self.objects = {}        # (type, name) -> object; a CNode is its log2 of slots
        self.blocks = {}
        self.current = self.woken = None
        self.ready = [[] for _ in range(PRIORITY_MAX + 1)]
        self.time = 0
        self.dying = []
        self.lines = {}

    # --- system calls

    def do_call(self, thread):
        cap = self.lookup(thread, thread.cap)
        if not cap:
            self.deliver(thread, CAP_INVALID)
        elif cap.type == ENDPOINT:
            thread.is_call = True
            self.plain(thread, lambda: self.send_endpoint(thread, cap, True))
        else:
            self.invoke(thread, cap)

    def plain(self, thread, do):
        """A failure that tells nothing but its error."""
        try:
            do()
        except Failed as f:
            self.deliver(thread, f.error)

    def answering(self, thread, do):
        """A failure of an answer: word 2 is how many map items were carried out."""
        try:
            do()
            return True
        except Failed as f:
            self.deliver(thread, f.error, 0, tag_make(0, 3), [0, 0, f.rest])
            return False

    def do_send(self, thread, may_block):
        cap = self.lookup(thread, thread.cap)
        thread.is_call = False
        if not cap:
            self.deliver(thread, CAP_INVALID)
        elif cap.type == ENDPOINT:
            self.plain(thread, lambda: self.send_endpoint(thread, cap, may_block))
        elif cap.type == REPLY:
            def do():
                if not cap.rights & REPLY_RIGHT:
                    raise Failed(CAP_RIGHTS)
                self.answer(thread, self.object(cap))
            if self.answering(thread, do):
                self.deliver(thread, OK)
        elif cap.type != NOTIFICATION:
            self.deliver(thread, CAP_TYPE)
        elif not cap.rights & SIGNAL:
            self.deliver(thread, CAP_RIGHTS)
        else:
            self.deliver(thread, OK)
            self.signal(self.object(cap), cap.data)

    def receive_check(self, thread, cap):
        if cap.type != ENDPOINT:
            raise Failed(CAP_TYPE)
        if not cap.rights & EP_RECV:
            raise Failed(CAP_RIGHTS)
        return self.find_reply(thread, thread.reply_reg) if thread.reply_reg else None

    def receive(self, thread, endpoint, reply, may_block):
        if thread.bound and thread.bound.bits:
            bits, thread.bound.bits = thread.bound.bits, 0
            self.deliver(thread, OK, bits, tag_make(0, 0, kind=KIND_NOTIFICATION))
        elif endpoint.dead:
            cap = endpoint.dead[0]
            self.watch_remove(cap)
            self.deliver_dead(thread, cap)
        elif endpoint.senders:
            sender = endpoint.senders.pop(0)
            sender.endpoint = None
            self.hand_over(sender, thread, reply, sender.tag, sender.badge)
        elif may_block and thread.is_sticky and thread.tag & INTERRUPTIBLE:
            thread.is_sticky = False
            self.deliver(thread, CANCELLED)
        elif may_block:
            thread.state, thread.endpoint, thread.reply = RECEIVING, endpoint, reply
            if reply:
                reply.state, reply.receiver = OFFERED, thread
            if thread.own and thread.own.is_reserve and thread.running is thread.own:
                self.lend(thread.own, None)
            endpoint.receivers.append(thread)
        else:
            self.deliver(thread, NOT_READY)

    def do_receive(self, thread, may_block):
        cap = self.lookup(thread, thread.cap)
        if not cap:
            self.deliver(thread, CAP_INVALID)
            return
        if cap.type == NOTIFICATION:
            self.plain(thread, lambda: self.wait(thread, cap, may_block))
            return
        reply = None
        try:
            reply = self.receive_check(thread, cap)
            if reply and reply.state not in (IDLE, WAS_CANCELLED):
                raise Failed(BUSY, 2)
        except Failed as f:
            self.deliver(thread, f.error, 0, tag_make(0, 2), [f.wrong])
            return
        self.receive(thread, self.object(cap), reply, may_block)

    def wait(self, thread, cap, may_block):
        if not cap.rights & WAIT:
            raise Failed(CAP_RIGHTS)
        notification = self.object(cap)
        if notification.bits:
            bits, notification.bits = notification.bits, 0
            self.deliver(thread, OK, bits, tag_make(0, 0, kind=KIND_NOTIFICATION))
            return
        if not may_block:
            raise Failed(NOT_READY)
        self.take_cancel(thread)
        thread.state, thread.waiting = WAITING, notification
        notification.waiters.append(thread)

    def do_reply_recv(self, thread):
        cap = self.lookup(thread, thread.cap)
        reply = None

        def do():
            nonlocal reply
            if not cap:
                raise Failed(CAP_INVALID)
            reply = self.receive_check(thread, cap)
            if not reply:
                raise Failed(CAP_INVALID)
            self.answer(thread, reply)
        if self.answering(thread, do):
            self.receive(thread, self.object(cap), reply, True)

    def do_yield(self, thread):
        self.deliver(thread, OK)
        self.current = None
        self.ready[thread.running.priority].append(thread.running)

    def syscall(self, number, cap, tag, reply, words, block):
        thread = self.current
        thread.cap, thread.tag, thread.reply_reg, thread.words = cap, tag, reply, list(words)
        thread.err, thread.ip = SYSCALL_BASE + number, USER_CODE + 2
        if thread.block:
            b = thread.block
            b.caps, b.receive, b.window, b.words, b.items = block
            b.words = list(b.words)
        if number == CALL:
            self.do_call(thread)
        elif number == REPLY_RECV:
            self.do_reply_recv(thread)
        elif number in (SEND, NB_SEND):
            self.do_send(thread, number == SEND)
        elif number in (RECV, NB_RECV):
            self.do_receive(thread, number == RECV)
        elif number == YIELD:
            self.do_yield(thread)
        else:
            self.deliver(thread, SYSCALL)
        self.finish()

    # --- what comes by itself

    def fault(self, label, words):
        self.current.ip = USER_CODE
        self.fault_send(self.current, label, words)
        self.finish()

    def fault_send(self, thread, label, words):
        cap = self.slots.get((thread.name, IN_THREAD + FAULT_SLOT))
        if not cap:
            thread.state = STOPPED
        else:
            thread.is_faulted = thread.is_call = True
            thread.fault = (label, words)
            thread.badge = cap.data
            self.send_or_wait(thread, self.object(cap), 0, cap.data, True)

    def foreign(self, number):
        thread = self.current
        thread.err = number
        if thread.redirect:
            thread.block.redirect_ip = USER_CODE + 2
            thread.ip = thread.redirect
            return
        words = [USER_CODE + 2, number, 0, thread.cap, thread.tag, thread.reply_reg, thread.words[2],
                 thread.words[0]]
        self.fault(FAULT_SYSCALL, words)
        thread.ip = USER_CODE + 2

    def advance(self, ticks):
        self.time += ticks
        if self.current:
            self.current.running.consumed += ticks
        self.use_up()
        for _ in range(8):
            due = [c for (kind, _), c in self.objects.items() if kind == CONTEXT and c.event() <= self.time]
            if not due:
                break
            context = min(due, key=lambda c: c.event())
            tells = context.has_news or context.deadline <= self.time
            context.has_news = False
            if context.deadline <= self.time:
                context.deadline = NEVER
            if context.is_used_up and context.refill <= self.time:
                self.refill(context, context.refill)
            if tells and context.notification:
                self.signal(context.notification, context.badge)
        self.finish()

    def interrupt_deliver(self, interrupt):
        if interrupt.is_masked:
            interrupt.is_pending = True
            return
        interrupt.is_masked = True
        if interrupt.notification:
            self.signal(interrupt.notification, interrupt.badge)

    def raise_interrupt(self, vector):
        interrupt = self.objects.get((INTERRUPT, vector))
        if not interrupt or interrupt.is_hidden:
            return
        interrupt.is_hidden = vector in self.lines.values()
        self.interrupt_deliver(interrupt)
        self.finish()

    # --- methods

    def invoke(self, thread, cap):
        try:
            out = self.method(thread, cap)
        except Broken:
            return
        except Failed as f:
            if thread.state == READY and (THREAD, thread.name) in self.objects:
                self.deliver(thread, f.error, 0, tag_make(0, 3), [f.wrong, f.limit, f.rest])
            return
        if thread.state != READY or (THREAD, thread.name) not in self.objects:
            return
        self.deliver(thread, OK, 0, tag_make(0, len(out)), out)

    def method(self, thread, cap):
        tag, args = thread.tag, thread.words
        label = tag_label(tag)
        found = self.methods.get((cap.type, label))
        if tag_kind(tag) or tag_caps(tag) or tag_items(tag) or tag_words(tag) > WORDS_MAX:
            raise Failed(TAG)
        if not found:
            raise Failed(METHOD)
        if tag_words(tag) < found.words:
            raise Failed(TAG, 0, found.words)
        if cap.rights & found.needs != found.needs:
            raise Failed(CAP_RIGHTS, 0, found.needs)
        caps = []
        for index, kind, rights in found.caps:
            arg = self.lookup(thread, args[index])
            if not arg:
                raise Failed(CAP_INVALID, index + 1)
            if arg.type != kind:
                raise Failed(CAP_TYPE, index + 1, kind)
            if arg.rights & rights != rights:
                raise Failed(CAP_RIGHTS, index + 1, rights)
            caps.append(arg)
        return found.do(self, cap, args, caps) or []
