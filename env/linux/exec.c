// execve: find the program, follow `#!`, gather the strings, and ask the process server.
#include "env/linux/library.h"
#include "env/linux/script.h"
#include "protocol/gen/file.h"
#include "protocol/gen/name.h"
#include "protocol/gen/process.h"

#define EXEC_HEAD 256  // bytes of a file that are looked at
#define STRING_MAX 0x20000ull

struct exec {
	char path[PATH_MAX];   // what is opened
	char first[PATH_MAX];  // what the program asked for: AT_EXECFN
	char prefix[4][2][EXEC_HEAD];  // of each `#!`: interpreter, argument
	unsigned depth;
	char *out;             // where the next string goes: at ENV_EXEC
	uint64_t size, argc, envc;
};

// Open exec->path into the reserved handle and see that it may be run.
static int64_t program_open(const struct exec *exec, int64_t index)
{
	uint64_t st_mode = 0;
	int64_t err = path_open_text(exec->path, O_EXECUTE, index, &st_mode);

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

// Open the program behind any scripts.
static int64_t program_find(struct exec *exec, int64_t index)
{
	char head[EXEC_HEAD];

	for (;;) {
		int64_t n = program_open(exec, index);

		if (n == 0)
			n = head_read(index, head);
		if (n < 0)
			return n;
		if (n < 2 || head[0] != '#' || head[1] != '!')
			return 0;
		if (exec->depth == 4)
			return -ELOOP;
		if (!script_parse(head, (size_t)n, exec->prefix[exec->depth][0], exec->prefix[exec->depth][1]))
			return -ENOEXEC;
		memcpy(exec->path, exec->prefix[exec->depth][0], EXEC_HEAD);
		exec->depth++;
		handle_clear(index);
	}
}

// Add a string of the library's. With out null only its size counts.
static int64_t text_add(struct exec *exec, const char *text)
{
	size_t n = strlen(text) + 1;

	if (n > ENV_EXEC_MAX - exec->size)
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
	int64_t n = exec->out ? user_get_string(exec->out + exec->size, text, ENV_EXEC_MAX - exec->size)
			      : user_length(text);

	if (n < 0)
		return n;
	if ((uint64_t)n >= ENV_EXEC_MAX - exec->size)
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
static int64_t arguments_add(struct exec *exec, uint64_t argv)
{
	int64_t err = 0;

	for (unsigned i = exec->depth; i-- > 0 && !err;) {
		err = text_add(exec, exec->prefix[i][0]);
		exec->argc++;
		if (err || !exec->prefix[i][1][0])
			continue;
		err = text_add(exec, exec->prefix[i][1]);
		exec->argc++;
	}
	if (err || !exec->depth)
		return err ? err : vector_add(exec, argv, 0, &exec->argc);
	err = text_add(exec, exec->first);
	exec->argc++;
	return err ? err : vector_add(exec, argv, 1, &exec->argc);
}

static int64_t strings_add(struct exec *exec, uint64_t argv, uint64_t envp)
{
	int64_t err;

	exec->size = exec->argc = exec->envc = 0;
	err = arguments_add(exec, argv);
	if (!err && exec->argc == 0) {
		err = text_add(exec, "");  // no program starts without argv[0]
		exec->argc = 1;
	}
	if (!err)
		err = vector_add(exec, envp, 0, &exec->envc);
	return err ? err : text_add(exec, exec->first);
}

// Once for the size, once for the bytes. Another process may write the memory between: the second
// walk stops at ENV_EXEC_MAX, and a buffer that is too small is a fault of the copy.
static int64_t strings_gather(struct exec *exec, uint64_t argv, uint64_t envp)
{
	uint64_t result = 0;
	int64_t err;

	exec->out = NULL;
	err = strings_add(exec, argv, envp);
	if (err)
		return err;
	err = answer_get(process_exec_buffer(LINUX_SLOT_PROCESS, exec->size, &result), 0);
	if (!err)
		err = (int64_t)result;
	if (err)
		return err;
	exec->out = (char *)ENV_EXEC;
	return strings_add(exec, argv, envp);
}

int64_t call_execve(uint64_t path, uint64_t argv, uint64_t envp)
{
	struct exec exec;
	uint64_t result = 0;
	int64_t index, err;

	exec.depth = 0;
	err = user_get_string(exec.first, path, PATH_MAX);
	if (err < 0)
		return err;
	if (err == PATH_MAX)
		return -ENAMETOOLONG;
	memcpy(exec.path, exec.first, (size_t)err + 1);
	index = handle_reserve_spare();  // no descriptor is needed
	if (index < 0)
		return index;
	err = program_find(&exec, index);
	if (!err)
		err = strings_gather(&exec, argv, envp);
	if (!err)
		err = answer_get(process_exec(LINUX_SLOT_PROCESS, exec.argc, exec.envc, exec.size,
					      handle_slot(index), &result), 0);
	if (!err)
		err = (int64_t)result;
	(void)process_exec_buffer(LINUX_SLOT_PROCESS, 0, &result);
	handle_release(index);
	return err ? err : -ENOEXEC;
}
