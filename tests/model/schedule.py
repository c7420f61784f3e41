"""Who runs: ready queues, contexts and their lending."""
from state import *  # noqa: F401,F403 - the vocabulary of the model


class Schedule:
    def wake(self, thread):
        was_ready, thread.state = thread.state == READY, READY
        if not thread.running and thread.own and not thread.own.user:
            self.lend(thread.own, thread)
        if not thread.running:
            return
        if not was_ready:
            self.happens(thread.running, UNBLOCKED)
        if thread is self.current or thread is self.woken or thread.running.is_used_up:
            return
        if self.woken:
            self.ready[self.woken.running.priority].append(self.woken.running)
        self.woken = thread

    def unready(self, thread):
        if thread.running:
            queue = self.ready[thread.running.priority]
            if thread.running in queue:
                queue.remove(thread.running)
        if self.woken is thread:
            self.woken = None

    def ready_first(self):
        for queue in reversed(self.ready):
            if queue:
                return queue[0]
        return None

    @staticmethod
    def can_run(thread):
        return thread if thread and thread.state == READY and thread.running else None

    def choose(self):
        current, woken, ready = self.can_run(self.current), self.can_run(self.woken), self.ready_first()
        best = current
        if woken and (not best or woken.running.priority > best.running.priority):
            best = woken
        if ready and (not best or ready.priority > best.running.priority):
            best = ready.user
        if current and current is not best:
            self.ready[current.running.priority].insert(0, current.running)
        if woken and woken is not best:
            self.ready[woken.running.priority].append(woken.running)
        if best and best.running in self.ready[best.running.priority]:
            self.ready[best.running.priority].remove(best.running)
        self.woken = None
        return best

    def finish(self):
        """At the end of each entry to the kernel: who goes on."""
        while True:
            chosen = self.choose()
            if not chosen or (chosen.name, IN_THREAD + VSPACE_SLOT) in self.slots:
                break
            chosen.state = STOPPED
        before = self.current
        if before and before is not chosen and before.running and before.state != READY:
            self.happens(before.running, BLOCKED)
        self.current = chosen

    def happens(self, context, event):
        if context.events & event:
            context.happened |= event
            context.has_news = True

    def refill(self, context, start):
        was_used_up, context.is_used_up = context.is_used_up, False
        context.limit, context.refill = context.consumed + context.budget, start + context.period
        if was_used_up and context.user and context.user.state == READY:
            self.wake(context.user)

    def use_up(self):
        """The running context has used up its budget, and its period lasts: its thread's reserve takes over, or a
        fault is heard, or it waits."""
        thread = self.current
        context = thread.running if thread else None
        if not context or not context.budget or context.consumed < context.limit:
            return
        if context.refill <= self.time:
            self.refill(context, self.time)
            return
        context.is_used_up, self.current = True, None
        self.happens(context, USED_UP)
        if thread is not context.thread and thread.own and not thread.own.is_used_up:
            self.withdraw(context)
        elif thread.is_timeout and (thread.name, IN_THREAD + FAULT_SLOT) in self.slots:
            self.fault_send(thread, FAULT_TIMEOUT, [thread.ip, context.data, context.consumed])

    def lend(self, context, to):
        user = context.user
        if user:
            self.unready(user)
            user.running = None
        context.user = to
        if to:
            to.running = context
        if user and user is not to and user.state == READY:
            self.wake(user)

    def withdraw(self, context):
        owner = context.thread
        self.lends_cut(context, None)
        self.lend(context, owner if owner and not owner.running else None)

    def lends_cut(self, context, reply):
        while context.lends:
            last = context.lends.pop()
            last.lent = None
            if last is reply:
                break

    def context_unbind(self, context):
        if context.thread:
            context.thread.own = None
        context.thread = None
        self.withdraw(context)
