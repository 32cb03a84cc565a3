/* SPDX-License-Identifier: AGPL-3.0-only */

#include "assets/asset_file.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "../lib/folder.h"
#include "base/check.h"

/* A folder "public" of assets in a folder with other things. */
struct fixture {
    struct folder folder;
    char public[64];
};

static const struct content_codings none = {.count = 0};
static const struct content_codings all = {
    .items = {CONTENT_CODING_BROTLI, CONTENT_CODING_ZSTD, CONTENT_CODING_GZIP}, .count = 3};

static void put(struct fixture *fixture, const char *name, const char *text)
{
    folder_write(&fixture->folder, name, text, strlen(text));
}

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    check(fixture);
    folder_init(&fixture->folder);
    (void)snprintf(fixture->public, sizeof(fixture->public), "%.50s/public", fixture->folder.path);
    check(mkdir(fixture->public, 0755) == 0);
    check(mkdir(folder_path(&fixture->folder, "public/docs"), 0755) == 0);
    check(mkdir(folder_path(&fixture->folder, "public/empty"), 0755) == 0);
    put(fixture, "secret", "secret");
    put(fixture, "public/a.css", "css");
    put(fixture, "public/docs/index.html", "docs");
    put(fixture, "public/docs/page.html", "page");
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    folder_fini(&fixture->folder);
    free(fixture);
    return 0;
}

static struct asset_file look(struct fixture *fixture, const char *path)
{
    return asset_file_open(fixture->public, path, &none, false);
}

static void expect_text(struct asset_file file, const char *expected)
{
    char text[64] = "";
    assert_int_equal(file.kind, ASSET_FILE);
    assert_int_equal(read(file.descriptor, text, sizeof(text) - 1), strlen(expected));
    assert_string_equal(text, expected);
    assert_int_equal(file.stamp.bytes, strlen(expected));
    close(file.descriptor);
}

static void expect_kind(struct fixture *fixture, const char *path, enum asset_kind kind)
{
    struct asset_file file = look(fixture, path);
    if (file.kind != kind)
        fail_msg("%s is %d", path, (int)file.kind);
    assert_int_equal(file.descriptor, -1);
}

static void link_to(struct fixture *fixture, const char *target, const char *name)
{
    check(symlink(target, folder_path(&fixture->folder, name)) == 0);
}

static void files_and_folders(void **state)
{
    struct fixture *fixture = *state;
    expect_text(look(fixture, "a.css"), "css");
    expect_text(look(fixture, "docs/page.html"), "page");
    expect_text(look(fixture, "docs/"), "docs");
    expect_kind(fixture, "docs", ASSET_FOLDER);
    expect_kind(fixture, "", ASSET_NONE);
    put(fixture, "public/index.html", "top");
    expect_text(look(fixture, ""), "top");
    expect_text(look(fixture, "index.html"), "top");
    expect_kind(fixture, "none", ASSET_NONE);
    expect_kind(fixture, "none/none", ASSET_NONE);
    expect_kind(fixture, "empty", ASSET_NONE);
    expect_kind(fixture, "empty/", ASSET_NONE);
    expect_kind(fixture, "a.css/", ASSET_NONE);
    expect_kind(fixture, "a.css/b", ASSET_NONE);
    expect_kind(fixture, "A.css", ASSET_NONE);
}

static void names_of_types(void **state)
{
    (void)state;
    assert_string_equal(asset_file_name("a/b.css"), "a/b.css");
    assert_string_equal(asset_file_name("a/"), "index.html");
    assert_string_equal(asset_file_name(""), "index.html");
}

static void links_within_are_followed_and_none_that_leads_out(void **state)
{
    struct fixture *fixture = *state;
    link_to(fixture, "a.css", "public/inside.css");
    link_to(fixture, "../a.css", "public/docs/up.css");
    link_to(fixture, "docs", "public/documents");
    expect_text(look(fixture, "inside.css"), "css");
    expect_text(look(fixture, "docs/up.css"), "css");
    expect_text(look(fixture, "documents/page.html"), "page");
    link_to(fixture, "../secret", "public/out");
    link_to(fixture, "..", "public/above");
    link_to(fixture, "/etc", "public/etc");
    link_to(fixture, "/", "public/root");
    link_to(fixture, "circle", "public/circle");
    link_to(fixture, "nowhere", "public/dangling");
    link_to(fixture, "docs/../../secret", "public/winding");
    link_to(fixture, "/proc/self/root/etc/passwd", "public/magic");
    link_to(fixture, fixture->public, "public/absolute");
    static const char *const paths[] = {
        "out",      "above/secret", "etc/passwd", "root/etc/passwd", "circle",
        "dangling", "winding",      "magic",      "absolute/a.css"};
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
        expect_kind(fixture, paths[i], ASSET_NONE);
}

static void the_folder_may_be_a_link_and_is_looked_up_each_time(void **state)
{
    struct fixture *fixture = *state;
    char current[PATH_MAX];
    (void)snprintf(current, sizeof(current), "%s/current", fixture->folder.path);
    assert_int_equal(asset_file_open(current, "a.css", &none, false).kind, ASSET_NONE);
    link_to(fixture, "public", "current");
    expect_text(asset_file_open(current, "a.css", &none, false), "css");
    check(mkdir(folder_path(&fixture->folder, "next"), 0755) == 0);
    put(fixture, "next/a.css", "next");
    link_to(fixture, "next", "current.next");
    check(rename(folder_path(&fixture->folder, "current.next"), current) == 0);
    expect_text(asset_file_open(current, "a.css", &none, false), "next");
    /* A file is no folder. */
    assert_int_equal(
        asset_file_open(folder_path(&fixture->folder, "secret"), "a.css", &none, false).kind,
        ASSET_NONE);
}

static void what_is_no_file_is_not_opened(void **state)
{
    struct fixture *fixture = *state;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int server = socket(AF_UNIX, SOCK_STREAM, 0);
    check(mkfifo(folder_path(&fixture->folder, "public/pipe"), 0644) == 0);
    (void)snprintf(address.sun_path, sizeof(address.sun_path), "%s/socket", fixture->public);
    check(bind(server, (struct sockaddr *)&address, sizeof(address)) == 0);
    expect_kind(fixture, "pipe", ASSET_NONE);
    expect_kind(fixture, "socket", ASSET_NONE);
    check(mkdir(folder_path(&fixture->folder, "public/odd"), 0755) == 0);
    check(mkdir(folder_path(&fixture->folder, "public/odd/index.html"), 0755) == 0);
    expect_kind(fixture, "odd", ASSET_NONE);
    expect_kind(fixture, "odd/", ASSET_NONE);
    close(server);
}

static void what_may_not_be_read_is_told(void **state)
{
    struct fixture *fixture = *state;
    if (geteuid() == 0)
        skip();
    check(chmod(folder_path(&fixture->folder, "public/a.css"), 0) == 0);
    struct asset_file file = look(fixture, "a.css");
    assert_int_equal(file.kind, ASSET_UNREADABLE);
    assert_int_equal(file.error, EACCES);
}

/* Sets a file's time of modification to so many seconds after the year 2000. */
static void set_time(struct fixture *fixture, const char *name, int seconds)
{
    const struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_sec = 946684800 + seconds}};
    check(utimensat(AT_FDCWD, folder_path(&fixture->folder, name), times, 0) == 0);
}

static void what_was_compressed_is_taken(void **state)
{
    struct fixture *fixture = *state;
    put(fixture, "public/a.css.gz", "gzip");
    struct asset_file file = asset_file_open(fixture->public, "a.css", &all, false);
    assert_int_equal(file.coding, CONTENT_CODING_GZIP);
    expect_text(file, "gzip");
    put(fixture, "public/a.css.br", "brotli");
    put(fixture, "public/a.css.zst", "zstd");
    file = asset_file_open(fixture->public, "a.css", &all, false);
    assert_int_equal(file.coding, CONTENT_CODING_BROTLI);
    expect_text(file, "brotli");
    const struct content_codings two = {.items = {CONTENT_CODING_ZSTD, CONTENT_CODING_BROTLI},
                                        .count = 2};
    file = asset_file_open(fixture->public, "a.css", &two, false);
    assert_int_equal(file.coding, CONTENT_CODING_ZSTD);
    expect_text(file, "zstd");
    file = look(fixture, "a.css");
    assert_int_equal(file.coding, CONTENT_CODING_IDENTITY);
    expect_text(file, "css");
    put(fixture, "public/docs/index.html.br", "index in brotli");
    file = asset_file_open(fixture->public, "docs/", &all, false);
    assert_int_equal(file.coding, CONTENT_CODING_BROTLI);
    expect_text(file, "index in brotli");
    /* By its own name it is what it is. */
    file = asset_file_open(fixture->public, "a.css.br", &all, false);
    assert_int_equal(file.coding, CONTENT_CODING_IDENTITY);
    expect_text(file, "brotli");
    /* Alone it stands for nothing. */
    put(fixture, "public/b.css.br", "brotli");
    expect_kind(fixture, "b.css", ASSET_NONE);
}

static void what_was_compressed_before_the_last_change_is_not(void **state)
{
    struct fixture *fixture = *state;
    put(fixture, "public/a.css.br", "old");
    put(fixture, "public/a.css.gz", "new");
    set_time(fixture, "public/a.css", 100);
    set_time(fixture, "public/a.css.br", 97);
    set_time(fixture, "public/a.css.gz", 98);
    struct asset_file file = asset_file_open(fixture->public, "a.css", &all, false);
    assert_int_equal(file.coding, CONTENT_CODING_GZIP);
    expect_text(file, "new");
    set_time(fixture, "public/a.css.gz", 97);
    expect_text(asset_file_open(fixture->public, "a.css", &all, false), "css");
    /* Nor one that is no file. */
    check(mkdir(folder_path(&fixture->folder, "public/a.css.zst"), 0755) == 0);
    expect_text(asset_file_open(fixture->public, "a.css", &all, false), "css");
}

/* What was looked at once the kernel knows by heart, what is there and what is not. */
static void nothing_waits_for_a_disk_that_was_asked_before(void **state)
{
    static const char *const paths[] = {"a.css", "none.css", "docs/", "docs", "docs/none"};
    struct fixture *fixture = *state;
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        struct asset_file slow = asset_file_open(fixture->public, paths[i], &all, false);
        struct asset_file quick = asset_file_open(fixture->public, paths[i], &all, true);
        /* A file system need not keep names that are not there. */
        if (quick.kind != ASSET_NOT_CACHED)
            assert_int_equal(quick.kind, slow.kind);
        else
            assert_int_equal(quick.descriptor, -1);
        if (slow.descriptor >= 0)
            close(slow.descriptor);
        if (quick.descriptor >= 0)
            close(quick.descriptor);
    }
}

struct swapper {
    struct fixture *fixture;
    _Atomic bool ends;
};

/* Makes of a folder a link that leads out, and back, all the time. */
static void *swap(void *argument)
{
    struct swapper *swapper = argument;
    const char *folder = folder_path(&swapper->fixture->folder, "public/swapped");
    const char *aside = folder_path(&swapper->fixture->folder, "public/aside");
    const char *link = folder_path(&swapper->fixture->folder, "public/link");
    while (!atomic_load(&swapper->ends)) {
        check(rename(folder, aside) == 0 && symlink("..", link) == 0 && rename(link, folder) == 0);
        check(unlink(folder) == 0 && rename(aside, folder) == 0);
    }
    return NULL;
}

static void nobody_gets_out_by_being_quick(void **state)
{
    struct fixture *fixture = *state;
    struct swapper swapper = {.fixture = fixture};
    pthread_t thread;
    unsigned found = 0;
    check(mkdir(folder_path(&fixture->folder, "public/swapped"), 0755) == 0);
    put(fixture, "public/swapped/secret", "public");
    check(pthread_create(&thread, NULL, swap, &swapper) == 0);
    for (int i = 0; i < 20000; i++) {
        struct asset_file file =
            asset_file_open(fixture->public, "swapped/secret", &none, i % 2 == 0);
        if (file.kind == ASSET_FILE) {
            expect_text(file, "public");
            found++;
        }
    }
    atomic_store(&swapper.ends, true);
    check(pthread_join(thread, NULL) == 0);
    assert_true(found > 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(files_and_folders),
        TEST(names_of_types),
        TEST(links_within_are_followed_and_none_that_leads_out),
        TEST(the_folder_may_be_a_link_and_is_looked_up_each_time),
        TEST(what_is_no_file_is_not_opened),
        TEST(what_may_not_be_read_is_told),
        TEST(what_was_compressed_is_taken),
        TEST(what_was_compressed_before_the_last_change_is_not),
        TEST(nothing_waits_for_a_disk_that_was_asked_before),
        TEST(nobody_gets_out_by_being_quick),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
