"""Messages: delivery, handing over, answers, notifications, map items."""
from state import *  # noqa: F401,F403 - the vocabulary of the model


class Messages:
    def deliver(self, thread, err, badge=0, tag=0, words=()):
        thread.err, thread.cap, thread.tag, thread.reply_reg = err, badge, tag, 0
        thread.words = list(words)[:8] + [0] * (8 - len(words[:8]))
        thread.is_call = False

    def stop_receiving(self, thread):
        thread.endpoint.receivers.remove(thread)
        thread.endpoint = None
        if thread.reply:
            thread.reply.state, thread.reply.receiver = IDLE, None
            thread.reply = None

    def reply_cut(self, reply, state):
        caller, lent = reply.caller, reply.lent
        if lent:
            self.lends_cut(lent, reply)
            self.lend(lent, None if caller.running else caller)
        reply.caller, reply.state = None, state
        if caller:
            caller.reply = None

    def break_off(self, thread, err):
        was_fault, state = thread.is_faulted, thread.state
        thread.state = STOPPED
        if state == SENDING:
            thread.endpoint.senders.remove(thread)
            thread.endpoint = None
        elif state == ANSWER:
            self.reply_cut(thread.reply, WAS_CANCELLED)
        elif state == RECEIVING:
            self.stop_receiving(thread)
        elif state == WAITING:
            thread.waiting.waiters.remove(thread)
            thread.waiting = None
        else:
            return
        thread.is_faulted = thread.is_call = False
        if not was_fault:
            self.deliver(thread, err)

    def unbind(self, thread):
        if thread.bound:
            thread.bound.bound = None
        thread.bound = None

    def signal(self, notification, bits):
        notification.bits |= bits
        if not notification.bits:
            return
        bound = notification.bound
        if notification.waiters:
            thread = notification.waiters.pop(0)
            thread.waiting = None
        elif bound and bound.state == RECEIVING:
            thread = bound
            self.stop_receiving(thread)
        else:
            return
        bits, notification.bits = notification.bits, 0
        self.deliver(thread, OK, bits, tag_make(0, 0, kind=KIND_NOTIFICATION))
        self.wake(thread)

    def transfer_check(self, thread, tag, may_grant, items):
        words, caps = tag_words(tag), tag_caps(tag)
        if tag_kind(tag) or words > WORDS_MAX or caps > CAPS_MAX or tag_items(tag) > ITEMS_MAX:
            raise Failed(TAG)
        if tag_items(tag) and not items:
            raise Failed(TAG)
        if (words > REGISTER_WORDS or caps or tag_items(tag)) and not thread.block:
            raise Failed(BLOCK)
        if caps and not may_grant:
            raise Failed(CAP_RIGHTS)
        for i in range(caps):
            if not self.lookup(thread, thread.block.caps[i]):
                raise Failed(CAP_INVALID)

    def transfer_caps(self, source, to, count):
        arrived = 0
        if not source.block or not to.block:
            return 0
        first, run = to.block.receive
        at, run = 0, min(run, 1024)
        for i in range(count):
            cap = self.lookup(source, source.block.caps[i])
            try:
                made = self.derive_check(cap, 0xff, 0, 0) if cap else None
            except Failed:
                made = None
            if not made:
                continue
            place = None
            while at < run and not place:
                candidate = self.find(self.cspace(to), first + at)
                at += 1
                if candidate and candidate not in self.slots:
                    place = candidate
            if not place:
                break
            self.derive(cap, made, place)
            to.block.received[arrived] = (first + at - 1) & 0xffffffff
            arrived += 1
        return arrived

    def transfer(self, source, to, tag, badge):
        if source.is_faulted:
            label, words = source.fault
            self.deliver(to, OK, source.badge, tag_make(label, len(words), kind=KIND_FAULT), words)
            return
        words = tag_words(tag)
        if words > REGISTER_WORDS:
            if source.block and to.block:
                to.block.words[:words - 8] = source.block.words[:words - 8]
            else:
                words = REGISTER_WORDS
        caps = self.transfer_caps(source, to, tag_caps(tag)) if tag_caps(tag) else 0
        self.deliver(to, OK, badge, tag_make(tag_label(tag), words, caps) | tag & INTERRUPTIBLE, source.words)

    def hand_over(self, source, to, reply, tag, badge):
        is_call, time = source.is_call, source.running
        lends = is_call and reply and not to.running and time and not (to.own and time.is_used_up)
        self.transfer(source, to, tag, badge)
        if not lends:
            self.wake(to)
        if not is_call:
            self.deliver(source, OK)
            self.wake(source)
            return
        if not reply:
            self.unready(source)
            source.state = STOPPED
            if source.is_faulted:
                source.is_faulted = source.is_call = False
                return
            self.deliver(source, DEAD)
            self.wake(source)
            return
        reply.state, reply.caller, reply.is_fault = PENDING, source, source.is_faulted
        source.state, source.reply = ANSWER, reply
        if lends:
            self.unready(source)
            if len(source.running.lends) < LENDS_MAX:
                context = reply.lent = source.running
                context.lends.append(reply)
                self.lend(context, to)
            self.wake(to)

    def send_or_wait(self, thread, endpoint, tag, badge, may_block):
        if endpoint.receivers:
            receiver = endpoint.receivers[0]
            reply = receiver.reply
            self.stop_receiving(receiver)
            self.hand_over(thread, receiver, reply, tag, badge)
        elif may_block:
            thread.badge, thread.state, thread.endpoint = badge, SENDING, endpoint
            endpoint.senders.append(thread)
        else:
            raise Failed(NOT_READY)

    def take_cancel(self, thread):
        if thread.tag & INTERRUPTIBLE and thread.is_sticky:
            thread.is_sticky = False
            raise Failed(CANCELLED)

    def send_endpoint(self, thread, cap, may_block):
        if not cap.rights & EP_SEND:
            raise Failed(CAP_RIGHTS)
        self.transfer_check(thread, thread.tag, cap.rights & EP_GRANT, False)
        self.take_cancel(thread)
        self.send_or_wait(thread, self.object(cap), thread.tag, cap.data, may_block)

    def map_item(self, source, to, item, anywhere):
        frame_index, dest_index, address, first, count, rights = item
        frame, place = self.lookup(source, frame_index), self.find(self.cspace(source), dest_index)
        frame_place = self.find(self.cspace(source), frame_index)
        if not frame or not place or frame.type != FRAME:
            raise Failed(CAP_TYPE)
        target = self.slots.get((to.name, IN_THREAD + VSPACE_SLOT))
        if not target:
            raise Failed(DEAD)

        def inside():
            if not to.block:
                return False
            base, pages = to.block.window
            at = (address - base) // PAGE
            return address >= base and address % PAGE == 0 and at < pages and count <= pages - at

        if place == frame_place:
            if not anywhere and (count != frame.count or not inside()):
                raise Failed(RANGE)
            self.map_once(frame, self.object(target), address, rights)
            return
        if count == 0 or (not anywhere and not inside()):
            raise Failed(RANGE)
        made = self.derive_check(frame, 0xff, first, count)
        if place in self.slots:
            raise Failed(SLOT_USED)
        self.derive(frame, made, place)
        try:
            self.map_once(made, self.object(target), address, rights)
        except Failed:
            self.delete(made)
            raise

    def answer(self, thread, reply):
        """Answer a Reply. A failure says in its rest how many map items were carried out."""
        tag = thread.tag
        if reply.state == WAS_CANCELLED:
            reply.state = IDLE
            raise Failed(CANCELLED)
        if reply.state != PENDING:
            raise Failed(NO_REPLY)
        caller = reply.caller
        self.transfer_check(thread, tag, True, True)
        if reply.is_fault and tag_label(tag) == FAULT_REPLY_JUMP and thread.words[0] >= USER_END:
            raise Failed(RANGE)
        for done in range(tag_items(tag)):
            try:
                self.map_item(thread, caller, thread.block.items[done], reply.is_fault)
            except Failed as f:
                raise Failed(f.error, rest=done) from None
        if reply.is_fault:
            caller.is_faulted = caller.is_call = False
            if tag_label(tag) == FAULT_REPLY_JUMP:
                caller.ip = thread.words[0]
        else:
            self.transfer(thread, caller, tag, 0)
        self.reply_cut(reply, IDLE)
        self.wake(caller)

    def find_reply(self, thread, index):
        cap = self.lookup(thread, index)
        if not cap:
            raise Failed(CAP_INVALID)
        if cap.type != REPLY:
            raise Failed(CAP_TYPE)
        if not cap.rights & REPLY_RIGHT:
            raise Failed(CAP_RIGHTS)
        return self.object(cap)
