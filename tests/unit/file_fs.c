// sources: servers/file/data.c servers/file/dir.c servers/file/fs.c servers/file/heap.c servers/file/image.c servers/file/inode.c servers/file/list.c servers/file/lock.c servers/file/mount.c servers/file/mount_line.c servers/file/super.c servers/file/name.c servers/file/rename.c servers/file/store.c servers/file/walk.c
#include "tests/unit/file_image.h"

#include "servers/file/data.h"
#include "servers/file/mount.h"
#include "servers/file/name.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

static struct fs fs;
static struct view root_view, user_view;
static uint8_t *image, *memory;
static uint32_t free_at_start;

static void test_unshare(struct fs *of, struct inode *inode)
{
	(void)of;
	(void)inode;
}

static int setup(void **state)
{
	(void)state;
	memset(&fs, 0, sizeof fs);
	heap_init(1 << 22);
	image = image_build();
	memory = aligned_alloc(PAGE, STORE_PAGES * PAGE);
	memset(memory, 0xaa, STORE_PAGES * PAGE);
	store_init(&fs.store);
	assert_true(store_add(&fs.store, memory, STORE_PAGES * PAGE, 7));
	assert_true(store_start(&fs.store));
	fs.now = test_now;
	fs.unshare = test_unshare;
	assert_int_equal(image_open(&fs.image, image, IMAGE_BYTES), 0);
	assert_int_equal(fs_init(&fs), 0);
	root_view = (struct view){{.umask = 022}, fs.root, fs.root, fs.mounts, fs.mounts};
	user_view = root_view;
	user_view.cred.uid = user_view.cred.gid = 1000;
	free_at_start = fs.store.free;
	return 0;
}

// What is left is not freed one by one: the leak check is off for it (see main).
static int teardown(void **state)
{
	(void)state;
	free(image);
	free(memory);
	return 0;
}

static struct inode *get(const char *path)
{
	struct inode *inode = NULL;

	assert_int_equal(name_get(&fs, &root_view, path, WALK_FOLLOW, &inode), 0);
	return inode;
}

static int find(const char *path)
{
	struct inode *inode;

	return name_get(&fs, &root_view, path, 0, &inode);
}

static struct inode *create(const char *path)
{
	struct inode *inode = NULL;

	assert_int_equal(name_open_inode(&fs, &root_view, path, O_CREAT | O_RDWR, 0666, &inode), 0);
	return inode;
}

static int link_to(const char *from, const char *to)
{
	return name_link_inode(&fs, &root_view, get(from), fs.mounts, to);
}

static int make_dir(const char *path)
{
	return name_make(&fs, &root_view, path, S_IFDIR | 0777, 0);
}

static int move(const char *from, const char *to, uint32_t flags)
{
	return name_move(&fs, &root_view, from, &root_view, to, flags);
}

static void walk_finds_what_a_path_names(void **state)
{
	char path[PATH_LIMIT + 8];

	(void)state;
	assert_ptr_equal(get("/"), fs.root);
	assert_ptr_equal(get("///..//.././"), fs.root);
	assert_ptr_equal(get("//bin/../bin/./tool"), get("link"));
	assert_int_equal(find("bin/tool/"), -ENOTDIR);
	assert_int_equal(find("hello/x"), -ENOTDIR);
	assert_int_equal(find("none/x"), -ENOENT);
	assert_int_equal(find(""), -ENOENT);
	assert_int_equal(find("link/"), -ENOTDIR);
	memset(path, 'a', sizeof path);
	path[256] = 0;
	assert_int_equal(find(path), -ENAMETOOLONG);
	path[255] = 0;
	assert_int_equal(find(path), -ENOENT);
	memset(path, '/', sizeof path);
	path[PATH_LIMIT] = 0;
	assert_int_equal(find(path), -ENAMETOOLONG);
	path[PATH_LIMIT - 1] = 0;
	assert_int_equal(find(path), 0);
}

static void links_are_followed_forty_times(void **state)
{
	char name[16], target[16];

	(void)state;
	assert_int_equal(name_symlink_make(&fs, &root_view, "loop", "loop"), 0);
	assert_int_equal(find("loop/x"), -ELOOP);
	assert_int_equal(find("loop"), 0);
	assert_int_equal(name_symlink_make(&fs, &root_view, "../hello", "etc/0"), 0);
	for (int i = 1; i <= 40; i++) {
		snprintf(name, sizeof name, "etc/%d", i);
		snprintf(target, sizeof target, "%d", i - 1);
		assert_int_equal(name_symlink_make(&fs, &root_view, target, name), 0);
	}
	assert_ptr_equal(get("etc/39"), get("hello"));

	struct inode *inode;

	assert_int_equal(name_get(&fs, &root_view, "etc/40", WALK_FOLLOW, &inode), -ELOOP);
	assert_int_equal(name_symlink_make(&fs, &root_view, "/etc/made", "dangling"), 0);
	inode_put(&fs, create("dangling"));
	assert_int_equal(find("etc/made"), 0);
}

static void open_obeys_its_flags(void **state)
{
	struct inode *inode;

	(void)state;
#define OPEN(view, path, flags) name_open_inode(&fs, &view, path, flags, 0666, &inode)
	assert_int_equal(OPEN(root_view, "hello", O_CREAT | O_EXCL), -EEXIST);
	assert_int_equal(OPEN(root_view, "link", O_NOFOLLOW), -ELOOP);
	assert_int_equal(OPEN(root_view, "hello", O_DIRECTORY), -ENOTDIR);
	assert_int_equal(OPEN(root_view, "bin", O_WRONLY), -EISDIR);
	assert_int_equal(OPEN(root_view, "new/", O_CREAT | O_RDWR), -EISDIR);
	assert_int_equal(OPEN(user_view, "hello", O_WRONLY), -EACCES);
	assert_int_equal(OPEN(user_view, "mine", O_CREAT | O_RDWR), -EACCES);
	assert_int_equal(OPEN(user_view, "tmp/mine", O_CREAT | O_RDWR), 0);
	assert_int_equal(inode->uid, 1000);
	assert_int_equal(inode->mode, S_IFREG | 0644);
	inode_put(&fs, inode);
	inode_put(&fs, create("tmp/roots"));
	assert_int_equal(name_remove(&fs, &user_view, "tmp/roots", false), -EPERM);
	assert_int_equal(name_remove(&fs, &user_view, "tmp/mine", false), 0);
	assert_int_equal(name_remove(&fs, &user_view, "hello", false), -EACCES);
}

static void image_file_is_copied_when_written(void **state)
{
	struct inode *tool = get("bin/tool");
	uint8_t buffer[6000];
	struct stat stat;

	(void)state;
	inode_stat(&fs, tool, &stat);
	assert_int_equal(stat.st_blocks, 16);
	assert_int_equal(data_write(&fs, tool, 4990, "XXXXXXXXXXXXXXX", 15), 15);
	assert_int_equal(fs.store.free, free_at_start - 1);
	assert_int_equal(tool->size, 5005);
	assert_int_equal(data_read(&fs, tool, 0, buffer, sizeof buffer), 5005);
	assert_int_equal(buffer[0], 't');
	assert_int_equal(buffer[4989], 't');
	assert_int_equal(buffer[4990], 'X');
	assert_int_equal(image[PAGE + 4990], 't');
	assert_int_equal(data_truncate(&fs, tool, 100), 0);
	assert_int_equal(data_truncate(&fs, tool, 6000), 0);
	assert_int_equal(data_read(&fs, tool, 0, buffer, sizeof buffer), 6000);
	assert_int_equal(buffer[99], 't');
	for (int i = 100; i < 6000; i++)
		assert_int_equal(buffer[i], 0);
}

static void sparse_files_agree_with_a_model(void **state)
{
	static uint8_t model[64 * PAGE], buffer[64 * PAGE];
	struct inode *inode = create("sparse");
	uint64_t size = 0;

	(void)state;
	srand(1);
	memset(model, 0, sizeof model);
	for (int round = 0; round < 3000; round++) {
		uint64_t at = (uint64_t)rand() % (60 * PAGE), n = (uint64_t)rand() % 9000;

		n = min_u64(n, sizeof model - at);
		if (rand() % 4 == 0) {
			assert_int_equal(data_truncate(&fs, inode, at), 0);
			if (at < size)
				memset(model + at, 0, sizeof model - at);
			size = at;
		} else if (rand() % 4 == 0 && n > 0) {
			assert_int_equal(data_punch(&fs, inode, at, n), 0);
			memset(model + at, 0, n);
		} else if (n > 0) {
			for (uint64_t i = 0; i < n; i++)
				model[at + i] = (uint8_t)rand();
			assert_int_equal(data_write(&fs, inode, at, model + at, n), n);
			size = size > at + n ? size : at + n;
		}
		assert_int_equal(inode->size, size);
		memset(buffer, 0xee, sizeof buffer);
		assert_int_equal(data_read(&fs, inode, 0, buffer, sizeof buffer), size);
		assert_memory_equal(buffer, model, size);
	}
	assert_int_equal(data_truncate(&fs, inode, 0), 0);
	assert_int_equal(fs.store.free, free_at_start);
	assert_int_equal(data_write(&fs, inode, 1ull << 40, "x", 1), 1);
	assert_int_equal(data_seek(inode, 0, true), 1ll << 40);
	assert_int_equal(data_seek(inode, 5, false), 5);
	assert_int_equal(data_write(&fs, inode, FILE_SIZE_LIMIT, "x", 1), -EFBIG);
	assert_int_equal(data_pages(&inode->data), 1);
	inode_put(&fs, inode);
}

static void punched_files_have_holes(void **state)
{
	static uint8_t pages[8 * PAGE];
	struct inode *inode = create("punched");
	uint32_t before = fs.store.free;

	(void)state;
	memset(pages, 'p', sizeof pages);
	assert_int_equal(data_write(&fs, inode, 0, pages, sizeof pages), sizeof pages);
	assert_int_equal(data_punch(&fs, inode, PAGE + 1, 3 * PAGE), 0);
	assert_int_equal(fs.store.free, before - 6);
	assert_int_equal(data_pages(&inode->data), 6);
	assert_int_equal(inode->size, 8 * PAGE);
	assert_int_equal(data_seek(inode, 0, false), 2 * PAGE);
	assert_int_equal(data_seek(inode, 2 * PAGE, true), 4 * PAGE);
	assert_int_equal(data_punch(&fs, inode, 0, (uint64_t)FILE_SIZE_LIMIT), 0);
	assert_int_equal(data_pages(&inode->data), 0);
	inode_put(&fs, inode);
}

static void memory_that_is_gone_comes_back(void **state)
{
	static uint8_t page[PAGE];
	struct inode *inode = create("big");
	uint64_t at = 0;

	(void)state;
	while (data_write(&fs, inode, at, page, PAGE) == (int64_t)PAGE)
		at += PAGE;
	assert_int_equal(data_write(&fs, inode, at, page, PAGE), -ENOSPC);
	assert_true(fs.store.free > 0);
	assert_int_equal(name_remove(&fs, &root_view, "big", false), 0);
	assert_int_equal(inode->size, at);
	inode_put(&fs, inode);
	assert_int_equal(fs.store.free, free_at_start);
	while (heap_get(100, HEAP_NORMAL))
		;
	assert_int_equal(make_dir("x"), -ENOSPC);
	assert_int_equal(name_remove(&fs, &root_view, "hello", false), 0);
	assert_int_equal(find("hello"), -ENOENT);
}

static void names_come_and_go(void **state)
{
	uint32_t links = fs.root->nlink;

	(void)state;
	assert_int_equal(make_dir("d"), 0);
	assert_int_equal(fs.root->nlink, links + 1);
	assert_int_equal(make_dir("d"), -EEXIST);
	assert_int_equal(make_dir("d/"), -EEXIST);
	assert_int_equal(make_dir("d/e/"), 0);
	assert_int_equal(name_remove(&fs, &root_view, "d", true), -ENOTEMPTY);
	assert_int_equal(name_remove(&fs, &root_view, "d", false), -EISDIR);
	assert_int_equal(name_remove(&fs, &root_view, "d/.", true), -EINVAL);
	assert_int_equal(name_remove(&fs, &root_view, "d/e/..", true), -ENOTEMPTY);
	assert_int_equal(name_remove(&fs, &root_view, "hello", true), -ENOTDIR);
	assert_int_equal(name_remove(&fs, &root_view, "bin", true), -ENOTEMPTY);
	assert_int_equal(name_remove(&fs, &root_view, "bin/tool", false), 0);
	assert_int_equal(name_remove(&fs, &root_view, "bin", true), 0);
	assert_int_equal(find("bin"), -ENOENT);
	assert_int_equal(make_dir("bin"), 0);
	assert_int_equal(find("bin/tool"), -ENOENT);

	struct inode *e = get("d/e");
	char path[64];

	inode_hold(e);
	assert_int_equal(mount_path(&fs, &root_view, fs.mounts, e, path, sizeof path), 5);
	assert_string_equal(path, "/d/e");
	assert_int_equal(mount_path(&fs, &root_view, fs.mounts, e, path, 4), -ERANGE);
	assert_int_equal(name_remove(&fs, &root_view, "d/e", true), 0);
	assert_int_equal(name_remove(&fs, &root_view, "d", true), 0);
	assert_int_equal(fs.root->nlink, links);
	assert_int_equal(mount_path(&fs, &root_view, fs.mounts, e, path, sizeof path), -ENOENT);

	struct view in = {{.umask = 022}, fs.root, e, fs.mounts, fs.mounts};

	assert_int_equal(name_make(&fs, &in, "x", S_IFDIR | 0777, 0), -ENOENT);
	inode_put(&fs, e);
	assert_int_equal(link_to("etc", "etc2"), -EPERM);
	assert_int_equal(link_to("hello", "etc/h"), 0);
	assert_int_equal(get("hello")->nlink, 2);
	assert_int_equal(name_remove(&fs, &root_view, "hello", false), 0);
	assert_int_equal(get("etc/h")->nlink, 1);
	assert_int_equal(get("etc/h")->size, 10);
}

static void rename_has_all_its_cases(void **state)
{
	char path[64];

	(void)state;
	assert_int_equal(make_dir("a"), 0);
	assert_int_equal(make_dir("a/b"), 0);
	assert_int_equal(make_dir("c"), 0);
	assert_int_equal(move("a", "a/b/x", 0), -EINVAL);
	assert_int_equal(move("a/b", "a", 0), -ENOTEMPTY);
	assert_int_equal(move("c", "a", 0), -ENOTEMPTY);
	assert_int_equal(move("c", "hello", 0), -ENOTDIR);
	assert_int_equal(move("hello", "c", 0), -EISDIR);
	assert_int_equal(move("hello", "new/", 0), -ENOTDIR);
	assert_int_equal(move("none", "x", 0), -ENOENT);
	assert_int_equal(move("a/.", "x", 0), -EBUSY);
	assert_int_equal(move("hello", "link", RENAME_NOREPLACE), -EEXIST);
	assert_int_equal(move("hello", "x", RENAME_EXCHANGE), -ENOENT);
	assert_int_equal(move("hello", "hello", 0), 0);
	assert_int_equal(move("a/b", "c", 0), 0);
	assert_int_equal(get("a")->nlink, 2);
	assert_int_equal(find("a/b"), -ENOENT);
	assert_int_equal(move("bin", "c/bin", 0), 0);
	assert_int_equal(get("c")->nlink, 3);
	assert_int_equal(get("c/bin/tool")->size, 5000);
	assert_int_equal(find("bin"), -ENOENT);
	mount_path(&fs, &root_view, fs.mounts, get("c/bin"), path, sizeof path);
	assert_string_equal(path, "/c/bin");
	assert_int_equal(move("c/bin", "hello", RENAME_EXCHANGE), 0);
	assert_true(is_dir(get("hello")));
	assert_int_equal(get("c/bin")->size, 10);
	assert_int_equal(get("c")->nlink, 2);
	assert_ptr_equal(get("hello/.."), fs.root);
	assert_int_equal(move("c/bin", "a/f", 0), 0);
	inode_put(&fs, create("a/g"));
	assert_int_equal(move("a/f", "a/g", 0), 0);
	assert_int_equal(get("a/g")->size, 10);
	assert_int_equal(name_move(&fs, &user_view, "a/g", &user_view, "tmp/g", 0), -EACCES);
}

struct seen {
	char names[2048];
	uint64_t position;
};

static int list_some(struct inode *dir, struct seen *seen, size_t size)
{
	uint8_t buffer[1024];
	int64_t n = dir_list(&fs, dir, &seen->position, buffer, size);

	for (int64_t at = 0; at < n; at += buffer[at + 16] | buffer[at + 17] << 8) {
		strcat(seen->names, (char *)buffer + at + 19);
		strcat(seen->names, " ");
	}
	return (int)n;
}

static void listing_goes_on_after_changes(void **state)
{
	struct seen seen = {{0}, 0}, all = {{0}, 0};

	(void)state;
	assert_int_equal(list_some(fs.root, &seen, 10), -EINVAL);
	assert_int_equal(list_some(fs.root, &seen, 24), 24);
	assert_int_equal(list_some(fs.root, &seen, 48), 48);
	assert_string_equal(seen.names, ". .. bin ");
	inode_put(&fs, create("later"));
	assert_int_equal(name_remove(&fs, &root_view, "bin/tool", false), 0);
	assert_int_equal(name_remove(&fs, &root_view, "bin", true), 0);
	assert_int_equal(name_remove(&fs, &root_view, "hello", false), 0);
	assert_int_equal(move("later", "link", 0), 0);
	inode_put(&fs, create("hello"));
	while (list_some(fs.root, &seen, 64) > 0)
		;
	assert_string_equal(seen.names, ". .. bin etc link tmp dev proc hello ");
	while (list_some(fs.root, &all, 1024) > 0)
		;
	assert_string_equal(all.names, ". .. etc link tmp dev proc hello ");
}

// Everything that a corrupt image can say is an error, never a fault: run under ASan.
static void corrupt_images_do_no_harm(void **state)
{
	static const char *const paths[] = {"bin/tool", "hello", "link", "etc/x", "tmp/../bin"};
	uint8_t *good = image_build(), buffer[512];

	(void)state;
	srand(2);
	for (int round = 0; round < 20000; round++) {
		heap_init(1 << 22);
		memcpy(image, good, IMAGE_BYTES);
		for (int i = rand() % 4; i >= 0; i--)
			image[rand() % (64 + 9 * 64)] = (uint8_t)(rand() % 3 ? rand() : 255);
		fs.table = NULL;
		fs.table_size = fs.table_count = 0;
		fs.image_inodes = NULL;
		if (image_open(&fs.image, image, IMAGE_BYTES) != 0 || fs_init(&fs) != 0)
			continue;
		root_view.root = root_view.start = fs.root;
		for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
			struct inode *inode;
			uint64_t position = 0;

			if (name_get(&fs, &root_view, paths[i], WALK_FOLLOW, &inode) != 0)
				continue;
			if (S_ISREG(inode->mode))
				data_read(&fs, inode, inode->size > 100 ? inode->size - 100 : 0,
					  buffer, sizeof buffer);
			else if (is_dir(inode))
				dir_list(&fs, inode, &position, buffer, sizeof buffer);
		}
		(void)name_remove(&fs, &root_view, "hello", false);
	}
	free(good);
}

__attribute__((visibility("default"))) const char *__asan_default_options(void);
const char *__asan_default_options(void) { return "detect_leaks=0"; }

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(walk_finds_what_a_path_names),
		TEST(links_are_followed_forty_times),
		TEST(open_obeys_its_flags),
		TEST(image_file_is_copied_when_written),
		TEST(sparse_files_agree_with_a_model),
		TEST(punched_files_have_holes),
		TEST(memory_that_is_gone_comes_back),
		TEST(names_come_and_go),
		TEST(rename_has_all_its_cases),
		TEST(listing_goes_on_after_changes),
		TEST(corrupt_images_do_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
