# SPDX-License-Identifier: Apache-2.0
"""Commands for gdb that show the tasks of creche.

    (gdb) source tools/gdb/creche.py
    (gdb) creche tasks      the tree of tasks and scopes, as DumpTasks() has it
    (gdb) creche bt 12      where task 12 stands, and who awaits it, with the
                            lines of the source

They read memory and call nothing: so they work on a core file, too, and on a
process that is stopped anywhere, of g++ and of clang. The library must have been
compiled with -g.
"""

import os

import gdb

NAMESPACE = 'creche::internal::'
NEVER = 2**63 - 1
CONTINUATION_FLAGS = 7  # PromiseBase::kFlags
NO_COROUTINE = 1  # Frame::kNoCoroutine
HAS_RESULT = 1  # PromiseBase::kResultBit
MOST_PLACES = 8  # Of a task, in the tree.
STATES = {'kNew': 'is new', 'kRunnable': 'can run',
          'kAborting': 'is being cancelled'}


def type_named(name):
    return gdb.lookup_type(NAMESPACE + name)


def text_of(pointer):
    """What a const char* points to; whatever is no UTF-8 is replaced."""
    return pointer.string('utf-8', 'replace') if int(pointer) != 0 else ''


def string_of(value):
    """A std::string, without its pretty printer, which may not be there."""
    return value['_M_dataplus']['_M_p'].string(
        'utf-8', 'replace', length=int(value['_M_string_length']))


def pointer_in(smart_pointer):
    """What a std::unique_ptr or std::shared_ptr has: it begins with that."""
    pointee = smart_pointer.type.strip_typedefs().template_argument(0)
    return smart_pointer.address.cast(
        pointee.pointer().pointer()).dereference()


def elements(intrusive_list, element_type):
    """The elements of an IntrusiveList."""
    head = intrusive_list['head_']
    link = head['next_']
    while int(link) not in (int(head.address), 0):
        # A link is a base class of its element: gdb knows at which offset.
        yield link.cast(element_type.pointer())
        link = link.dereference()['next_']


def readable(function):
    """Without what g++ makes of a coroutine: void f(f(int)::_Z1fi.Frame*)."""
    if not function.endswith('.Frame*)'):
        return function
    depth = 0
    for at in reversed(range(len(function))):
        depth += {')': 1, '(': -1}.get(function[at], 0)
        if depth == 0:
            return function[:at].partition(' ')[2]
    return function


class Place:
    """A co_await: where a frame of a task stands."""

    def __init__(self, promise):
        # It is kept as std::source_location keeps it, but without the type.
        kept_as = gdb.lookup_type('std::source_location')['_M_impl'].type
        location = promise['place_'].cast(kept_as)
        # (A result lies where the place was.)
        has_result = int(promise['state_']) & HAS_RESULT != 0
        self.is_known = not has_result and int(location) != 0
        if self.is_known:
            self.file = text_of(location['_M_file_name'])
            self.line = int(location['_M_line'])
            self.function = readable(text_of(location['_M_function_name']))

    def __str__(self):
        return '%s:%d' % (self.file, self.line)

    def source(self):
        """The line of the source, or nothing if gdb does not find it."""
        try:
            line = gdb.execute('list %s,%s' % (self, self), to_string=True)
        except gdb.error:
            return ''
        return line.partition('\t')[2].strip()


def places_from(frame):
    """The Places of a creche::internal::Frame and of those who await it."""
    places = []
    while int(frame['bits_']) != 0:
        # An awaitable, which has no coroutine, is where its caller awaits.
        promise = promise_of(frame)
        if int(frame['bits_']) & NO_COROUTINE == 0:
            places.append(Place(promise))
        frame = caller_of(promise)
    return [place for place in places if place.is_known]


def promise_of(frame):
    """As Frame::promise(): it lies behind two pointers of the compiler's."""
    address = int(frame['bits_'])
    if address & NO_COROUTINE:
        address &= ~NO_COROUTINE
    else:
        address += 2 * gdb.lookup_type('void').pointer().sizeof
    pointer = gdb.Value(address).cast(type_named('PromiseBase').pointer())
    return pointer.dereference()


def caller_of(promise):
    """The Frame that awaits: an empty one at a task's root."""
    continuation = int(promise['continuation_']) & ~CONTINUATION_FLAGS
    pointer = gdb.Value(continuation).cast(type_named('Continuation').pointer())
    return pointer['awaiting_']


class Task:
    def __init__(self, record, run):
        self.record = record
        self.run = run
        self.id = int(record['id_'])
        self.state = str(record['state_']).rpartition('::')[2]

    def name(self):
        name = pointer_in(self.record['name_'])
        if int(name) != 0:
            return string_of(name)
        return 'main' if self.run.is_main(self) else ''

    def is_running(self):
        return self.state == 'kRunning'

    def waits_for(self):
        """As TaskRecord::waits_for()."""
        if self.state in ('kWaiting', 'kAborting'):
            return text_of(self.record['waits_for_'])
        turn = str(self.record['turn_']).rpartition('::')[2]
        return {'kBegin': 'its first turn',
                'kUnwind': 'its turn to unwind'}.get(turn, 'its turn')

    def places(self):
        if not self.is_running():
            return places_from(self.record['leaf_'])
        frame = self.run.running_frame()
        if frame is None:
            return []
        return places_from(caller_of(promise_of(frame)))

    def summary(self):
        text = 'task %d' % self.id
        if self.name():
            text += " '%s'" % self.name()
        if self.is_running():
            return text + ' is running'
        text += ' waits for ' + self.waits_for()
        return text + ('' if self.state == 'kWaiting'
                       else ' (%s)' % STATES[self.state])

    def __str__(self):
        places = self.places()
        if not places:
            return self.summary()
        return '%s%s at %s%s' % (
            self.summary(), ', called' if self.is_running() else '',
            ' < '.join(map(str, places[:MOST_PLACES])),
            ' < ...' if len(places) > MOST_PLACES else '')


def scope_text(scope):
    text = 'nursery' if int(scope['tasks_']) != 0 else 'cancel scope'
    if scope['shield_']:
        text += ', shielded'
    if int(scope['when_']) != NEVER:
        text += ', has a deadline'
    if scope['cancel_called_']:
        text += ', cancelled'
        reason = pointer_in(scope['reason_'])
        if int(reason) != 0:
            text += ': ' + string_of(reason)
    elif scope['is_cancelled_']:
        text += ', cancelled from outside'
    return text


class Run:
    """A run, found by a thread of the process."""

    def __init__(self, scheduler, thread, running):
        self.scheduler = scheduler
        self.thread = thread
        self.running = running  # None where gdb finds no thread-locals.

    def is_main(self, task):
        first = next(elements(self.scheduler['root_tasks_'],
                              type_named('TaskRecord')), None)
        return first is not None and int(first) == int(task.record)

    def running_frame(self):
        """The Frame whose coroutine runs; nothing if none does."""
        if self.running is None or int(self.running['frame']['bits_']) == 0:
            return None
        return self.running['frame']

    def lines(self):
        """(depth, Task or scope) for each line of the tree."""
        root = self.scheduler['root_']
        open_lines = self.children(root, 0)
        while open_lines:
            depth, thing, home = open_lines.pop()
            yield depth, thing
            if isinstance(thing, Task):
                open_lines += self.scopes(thing, home, depth)
            elif int(thing['tasks_']) != 0:
                open_lines += self.children(thing, depth + 1)

    def children(self, nursery, depth):
        tasks = elements(nursery['tasks_'].dereference(),
                         type_named('TaskRecord'))
        return [(depth, Task(task, self), nursery) for task in tasks][::-1]

    @staticmethod
    def scopes(task, home, depth):
        """What the task has entered, innermost first."""
        scopes = []
        scope = task.record['scope_']
        while int(scope) not in (int(home.address), 0):
            scopes.append(scope.dereference())
            scope = scope['parent_']
        return [(depth + len(scopes) - i, scope, None)
                for i, scope in enumerate(scopes)]

    def tasks(self):
        return [thing for _, thing in self.lines() if isinstance(thing, Task)]


def run_of_thread(thread):
    """The Run of the thread, which is selected; nothing if it has none.

    Its thread-locals say it. Where gdb finds none (of a core file, say, when
    libthread_db is missing) the scheduler is on the stack.
    """
    try:
        # The cast says the type where only users of the variable have it.
        running = gdb.parse_and_eval(
            "('{0}Running') '{0}running'".format(NAMESPACE))
        scheduler = running['scheduler']
        if int(scheduler) == 0:
            return None
        return Run(scheduler.dereference(), thread, running)
    except gdb.error:
        pass
    frame = gdb.newest_frame()
    while frame is not None:
        if (frame.name() or '').startswith(NAMESPACE + 'Scheduler::Run'):
            try:
                return Run(frame.read_var('this').dereference(), thread, None)
            except (gdb.error, ValueError):
                pass  # Optimized out here.
        frame = frame.older()
    return None


def runs():
    """The runs of the process."""
    selected = gdb.selected_thread()
    if selected is None:
        raise gdb.GdbError('there is no process, and no core file')
    found = []
    try:
        for thread in sorted(gdb.selected_inferior().threads(),
                             key=lambda thread: thread.num):
            thread.switch()
            run = run_of_thread(thread)
            if run is not None:
                found.append(run)
    finally:
        selected.switch()
    if not found:
        raise gdb.GdbError('no thread is in a creche::Run()')
    return found


class CrecheCommand(gdb.Command):
    """The tasks of creche. See: help creche tasks, help creche bt."""

    def __init__(self):
        super().__init__('creche', gdb.COMMAND_STACK, gdb.COMPLETE_NONE, True)


class TasksCommand(gdb.Command):
    """creche tasks: what each task waits for and where, and its scopes."""

    def __init__(self):
        super().__init__('creche tasks', gdb.COMMAND_STACK)

    def invoke(self, argument, from_tty):
        for run in runs():
            print('run of thread %d:' % run.thread.num)
            for depth, thing in run.lines():
                text = thing if isinstance(thing, Task) else scope_text(thing)
                print('  ' * (depth + 1) + str(text))


class BacktraceCommand(gdb.Command):
    """creche bt N: where task N awaits, and its callers, innermost first."""

    def __init__(self):
        super().__init__('creche bt', gdb.COMMAND_STACK)

    def invoke(self, argument, from_tty):
        if not argument.isdigit():
            raise gdb.GdbError('creche bt N: N is the number of a task, '
                               'as creche tasks has it')
        for run in runs():
            for task in run.tasks():
                if task.id == int(argument):
                    self.print_task(task, run)
                    return
        raise gdb.GdbError('there is no task %s' % argument)

    @staticmethod
    def print_task(task, run):
        print(task.summary())
        if task.is_running():
            print('its innermost call is on the stack: thread %d, bt' %
                  run.thread.num)
        for number, place in enumerate(task.places()):
            print('#%-3d %s at %s' % (number, place.function,
                                      os.path.normpath(str(place))))
            source = place.source()
            if source:
                print('       ' + source)


CrecheCommand()
TasksCommand()
BacktraceCommand()
