// execve: find the program, gather the strings, and ask the process server; what it says is no program may
// begin with `#!`.
//
// The top pages of the library's stack are there, and the server reads strings there: no other is touched for
// a program whose strings are few.
#include "env/linux/library.h"
#include "env/linux/script.h"
#include "protocol/gen/file.h"
#include "protocol/gen/name.h"
#include "protocol/gen/process.h"

#define EXEC_HEAD 256  // bytes of a file that are looked at
#define STRING_MAX 0x20000ull
#define SCRIPTS_MAX 4
#define FEW 1024  // bytes of strings

// A `#!` line, and the one of the script that it is the interpreter of.
struct script {
	const struct script *outer;
	char interpreter[EXEC_HEAD], argument[EXEC_HEAD];
};

struct exec {
	char few[FEW];         // strings, unless they are many
	char first[PATH_MAX];  // what the program asked for: AT_EXECFN
	uint64_t argv, envp;
	int64_t index;         // reserved handle: what is opened
	const struct script *script;  // the innermost
	unsigned depth;
	bool has_buffer;       // at ENV_EXEC
	char *out;             // where the next string goes
	uint64_t room, size, argc, envc;
};

// Open a path into the reserved handle and see that it may be run.
static int64_t program_open(const struct exec *exec, const char *path)
{
	uint64_t st_mode = 0;
	int64_t err = path_open_text(path, O_EXECUTE, exec->index, &st_mode);

	if (!err && (st_mode & S_IFMT) >> TYPE_SHIFT != TYPE_REGULAR)
		err = -EACCES;
	return err;
}

static int64_t head_read(int64_t index, char *head)
{
	uint64_t words[EXEC_HEAD / 8];
	struct msg m = {.tag = TAG(FILE_PEEK, 2), .words = {0, EXEC_HEAD}};
	err_t failed = sys_call(handle_slot(index), &m);
	int64_t n = answer_get(failed, m.words[0]);

	if (n < 0)
		return n;
	if (n > EXEC_HEAD)
		return -EIO;
	msg_get_words(&m, 1, words, EXEC_HEAD / 8);
	memcpy(head, words, (size_t)n);
	return n;
}

// Add a string of the library's. With out null only its size counts.
static int64_t text_add(struct exec *exec, const char *text)
{
	size_t n = strlen(text) + 1;

	if (n > exec->room - exec->size)
		return -E2BIG;
	if (exec->out && window_write(exec->out + exec->size, text, n))
		return -EFAULT;
	exec->size += n;
	return 0;
}

// Length of a string of the program's, found in pieces.
static int64_t user_length(uint64_t text)
{
	char piece[512];

	for (uint64_t done = 0; done < STRING_MAX; done += sizeof piece) {
		int64_t n = user_get_string(piece, text + done, sizeof piece);

		if (n < 0)
			return n;
		if (n < (int64_t)sizeof piece)
			return (int64_t)done + n;
	}
	return -E2BIG;
}

static int64_t user_add(struct exec *exec, uint64_t text)
{
	int64_t n = exec->out ? user_get_string(exec->out + exec->size, text, exec->room - exec->size)
			      : user_length(text);

	if (n < 0)
		return n;
	if ((uint64_t)n >= exec->room - exec->size)
		return -E2BIG;
	exec->size += (uint64_t)n + 1;
	return 0;
}

// Add the strings of a vector from entry `skip` on; null is an empty one, as Linux has it.
static int64_t vector_add(struct exec *exec, uint64_t vector, uint64_t skip, uint64_t *count)
{
	for (uint64_t i = 0; vector; i++) {
		uint64_t text;
		int64_t err = user_get(&text, vector + i * 8, sizeof text);

		if (err || !text)
			return err;
		if (i < skip)
			continue;
		err = user_add(exec, text);
		if (err)
			return err;
		++*count;
	}
	return 0;
}

// The innermost interpreter comes first; the script's own name takes the place of argv[0].
static int64_t arguments_add(struct exec *exec)
{
	int64_t err = 0;

	for (const struct script *s = exec->script; s && !err; s = s->outer) {
		err = text_add(exec, s->interpreter);
		exec->argc++;
		if (err || !s->argument[0])
			continue;
		err = text_add(exec, s->argument);
		exec->argc++;
	}
	if (err || !exec->script)
		return err ? err : vector_add(exec, exec->argv, 0, &exec->argc);
	err = text_add(exec, exec->first);
	exec->argc++;
	return err ? err : vector_add(exec, exec->argv, 1, &exec->argc);
}

// To `out`; with out null only sizes count.
static int64_t strings_add(struct exec *exec, char *out, uint64_t room)
{
	int64_t err;

	exec->out = out;
	exec->room = room;
	exec->size = exec->argc = exec->envc = 0;
	err = arguments_add(exec);
	if (!err && exec->argc == 0) {
		err = text_add(exec, "");  // no program starts without argv[0]
		exec->argc = 1;
	}
	if (!err)
		err = vector_add(exec, exec->envp, 0, &exec->envc);
	return err ? err : text_add(exec, exec->first);
}

// Many are gone through once for the size, once for the bytes. Another process may write the memory between:
// the second walk stops at ENV_EXEC_MAX, and a buffer that is too small is a fault of the copy.
static int64_t strings_gather(struct exec *exec)
{
	uint64_t result = 0;
	int64_t err = strings_add(exec, exec->few, FEW);

	if (err != -E2BIG)
		return err;
	err = strings_add(exec, NULL, ENV_EXEC_MAX);
	if (err)
		return err;
	err = answer_get(process_exec_buffer(LINUX_SLOT_PROCESS, exec->size, &result), 0);
	if (!err)
		err = (int64_t)result;
	if (err)
		return err;
	exec->has_buffer = true;
	return strings_add(exec, (char *)ENV_EXEC, ENV_EXEC_MAX);
}

// Returns only when it is not run: why.
static int64_t program_run(struct exec *exec, const char *path)
{
	uint64_t result = 0;
	int64_t err = program_open(exec, path);

	if (!err)
		err = strings_gather(exec);
	if (err)
		return err;
	err = answer_get(process_exec(LINUX_SLOT_PROCESS, exec->argc, exec->envc, exec->size, (uint64_t)exec->out,
				      handle_slot(exec->index), &result), 0);
	return err ? err : (int64_t)result;
}

// What was opened is no program: a script, perhaps.
static int64_t script_read(struct exec *exec, struct script *script)
{
	char head[EXEC_HEAD];
	int64_t n = head_read(exec->index, head);

	if (n < 0)
		return n;
	if (n < 2 || head[0] != '#' || head[1] != '!')
		return -ENOEXEC;
	if (exec->depth++ == SCRIPTS_MAX)
		return -ELOOP;
	if (!script_parse(head, (size_t)n, script->interpreter, script->argument))
		return -ENOEXEC;
	script->outer = exec->script;
	exec->script = script;
	handle_clear(exec->index);
	return 0;
}

static __attribute__((noinline)) int64_t script_run(struct exec *exec)
{
	struct script script;
	int64_t err = script_read(exec, &script);

	if (!err)
		err = program_run(exec, script.interpreter);
	return err == -ENOEXEC && exec->script == &script ? script_run(exec) : err;
}

int64_t call_execve(uint64_t path, uint64_t argv, uint64_t envp)
{
	struct exec exec;
	uint64_t result = 0;
	int64_t err;

	exec.argv = argv;
	exec.envp = envp;
	exec.script = NULL;
	exec.depth = 0;
	exec.has_buffer = false;
	err = user_get_string(exec.first, path, PATH_MAX);
	if (err < 0)
		return err;
	if (err == PATH_MAX)
		return -ENAMETOOLONG;
	exec.index = handle_reserve_spare();  // no descriptor is needed
	if (exec.index < 0)
		return exec.index;
	err = program_run(&exec, exec.first);
	if (err == -ENOEXEC)
		err = script_run(&exec);
	if (exec.has_buffer)
		(void)process_exec_buffer(LINUX_SLOT_PROCESS, 0, &result);
	handle_release(exec.index);
	return err ? err : -ENOEXEC;
}
