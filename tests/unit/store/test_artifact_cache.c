/* SPDX-License-Identifier: AGPL-3.0-only */

#include "store/artifact_cache.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "../lib/folder.h"
#include "base/check.h"
#include "base/file.h"
#include "tables/errors.h"

#define BYTES_MAX (1024 * 1024)
#define TRAILER_BYTES 64

/* A clock that goes on by a second each time it is read, so that "last used" is in order. */
static uint64_t next_second(void *context)
{
    uint64_t *now_ns = context;
    return *now_ns += NANOSECONDS_PER_SECOND;
}

struct fixture {
    struct folder folder;
    uint64_t now_ns;
    struct clock clock;
    FILE *log_file;
    struct log *log;
    struct artifact_cache *cache;
    struct error error;
};

static void open_cache(struct fixture *fixture, uint64_t bytes_max)
{
    assert_int_equal(0, artifact_cache_create(fixture->folder.path, bytes_max, &fixture->clock,
                                              fixture->log, &fixture->cache, &fixture->error));
}

static void close_cache(struct fixture *fixture)
{
    artifact_cache_destroy(fixture->cache);
    fixture->cache = NULL;
}

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));

    check(fixture != NULL);
    folder_init(&fixture->folder);
    fixture->now_ns = 1000 * NANOSECONDS_PER_SECOND;
    fixture->clock = (struct clock){
        .name = "test",
        .context = &fixture->now_ns,
        .monotonic_ns = next_second,
        .realtime_ns = next_second,
        .thread_cpu_ns = next_second,
    };
    fixture->log_file = tmpfile();
    check(fixture->log_file != NULL);
    check(log_create(fileno(fixture->log_file), LOG_DEBUG, LOG_FORMAT_JSON, false, &fixture->clock,
                     &fixture->log) == 0);
    open_cache(fixture, BYTES_MAX);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;

    artifact_cache_destroy(fixture->cache);
    log_destroy(fixture->log);
    fclose(fixture->log_file);
    folder_fini(&fixture->folder);
    free(fixture);
    return 0;
}

/* How many lines of the log hold `text`. */
static unsigned logged(struct fixture *fixture, const char *text)
{
    char line[32768];
    unsigned count = 0;

    rewind(fixture->log_file);
    while (fgets(line, sizeof(line), fixture->log_file) != NULL)
        count += strstr(line, text) != NULL;
    return count;
}

static struct artifact_key key_of(uint8_t number)
{
    struct artifact_key key = {.fingerprint = 7};
    memset(key.component, number, sizeof(key.component));
    return key;
}

static const char *file_name_of(const struct artifact_key *key)
{
    static char name[128];
    for (int i = 0; i < 32; i++)
        sprintf(name + 2 * i, "%02x", key->component[i]);
    sprintf(name + 64, "-%016llx.artifact", (unsigned long long)key->fingerprint);
    return name;
}

static void put(struct fixture *fixture, const struct artifact_key *key, const char *content,
                size_t bytes)
{
    struct artifact *artifact = NULL;
    struct slice slice = {.data = content, .bytes = bytes};

    assert_int_equal(0, artifact_cache_put(fixture->cache, key, slice, &artifact, &fixture->error));
    artifact_release(artifact);
}

static int find(struct fixture *fixture, const struct artifact_key *key)
{
    struct artifact *artifact = NULL;
    int code = artifact_cache_find(fixture->cache, key, &artifact, &fixture->error);
    artifact_release(artifact);
    return code;
}

/* Makes `bytes` of content that differs by number and place. */
static char *content_of(uint8_t number, size_t bytes)
{
    char *content = malloc(bytes);
    check(content != NULL);
    for (size_t i = 0; i < bytes; i++)
        content[i] = (char)(number + i * 7);
    return content;
}

static void assert_content(const struct artifact *artifact, const char *content, size_t bytes)
{
    char *read = malloc(bytes);
    check(read != NULL);
    assert_int_equal(bytes, pread(artifact_descriptor(artifact), read, bytes, 0));
    assert_memory_equal(content, read, bytes);
    free(read);
}

static void test_what_was_put_is_found_after_a_restart(void **state)
{
    struct fixture *fixture = *state;
    struct artifact_key key = key_of(1), other = key_of(2), other_engine = key_of(1);
    char *content = content_of(1, 700001);
    struct artifact *artifact = NULL;

    other_engine.fingerprint++;
    assert_int_equal(ERROR_NOT_FOUND, find(fixture, &key));
    put(fixture, &key, content, 700001);
    close_cache(fixture);
    open_cache(fixture, BYTES_MAX);
    assert_int_equal(0, artifact_cache_find(fixture->cache, &key, &artifact, &fixture->error));
    assert_content(artifact, content, 700001);
    artifact_release(artifact);
    assert_int_equal(ERROR_NOT_FOUND, find(fixture, &other));
    assert_int_equal(ERROR_NOT_FOUND, find(fixture, &other_engine));
    free(content);
}

static void test_an_artifact_in_use_is_shared_and_outlives_its_file(void **state)
{
    struct fixture *fixture = *state;
    struct artifact_key key = key_of(1);
    struct artifact *first, *second, *third;

    assert_int_equal(0, artifact_cache_put(fixture->cache, &key, SLICE("content"), &first, NULL));
    assert_int_equal(0, artifact_cache_find(fixture->cache, &key, &second, NULL));
    assert_int_equal(0, artifact_cache_put(fixture->cache, &key, SLICE("another"), &third, NULL));
    assert_ptr_equal(first, second);
    assert_ptr_equal(first, third);
    assert_int_equal(0, unlink(folder_path(&fixture->folder, file_name_of(&key))));
    artifact_release(first);
    artifact_release(second);
    assert_content(third, "content", 7);
    artifact_release(third);
    assert_int_equal(ERROR_NOT_FOUND, find(fixture, &key));
}

static void test_the_descriptor_cannot_be_written_to(void **state)
{
    struct fixture *fixture = *state;
    struct artifact_key key = key_of(1);
    struct artifact *artifact;

    assert_int_equal(0,
                     artifact_cache_put(fixture->cache, &key, SLICE("content"), &artifact, NULL));
    assert_int_equal(-1, write(artifact_descriptor(artifact), "x", 1));
    assert_int_equal(EBADF, errno);
    artifact_release(artifact);
    assert_int_equal(0, artifact_cache_find(fixture->cache, &key, &artifact, NULL));
    assert_int_equal(-1, write(artifact_descriptor(artifact), "x", 1));
    artifact_release(artifact);
}

static void test_content_of_0_bytes(void **state)
{
    struct fixture *fixture = *state;
    struct artifact_key key = key_of(1);

    put(fixture, &key, "", 0);
    assert_int_equal(0, find(fixture, &key));
}

/* Changes one byte of the stored file, and expects that it is not trusted. */
static void expect_tampering_is_seen(struct fixture *fixture, off_t offset)
{
    struct artifact_key key = key_of(9);
    char *content = content_of(9, 5000);
    const char *path;
    char byte;
    int descriptor;

    put(fixture, &key, content, 5000);
    path = folder_path(&fixture->folder, file_name_of(&key));
    assert_int_equal(0, chmod(path, 0600));
    descriptor = open(path, O_RDWR | O_CLOEXEC);
    assert_true(descriptor >= 0);
    assert_int_equal(1, pread(descriptor, &byte, 1, offset));
    byte ^= 1;
    assert_int_equal(1, pwrite(descriptor, &byte, 1, offset));
    close(descriptor);
    assert_int_equal(ERROR_NOT_FOUND, find(fixture, &key));
    assert_false(folder_has(&fixture->folder, file_name_of(&key)));
    free(content);
}

static void test_one_changed_byte_is_not_trusted(void **state)
{
    struct fixture *fixture = *state;
    const off_t offsets[] = {0, 2500, 4999, 5000, 5015, 5016, 5023, 5024 + 8, 5063};

    for (size_t i = 0; i < sizeof(offsets) / sizeof(offsets[0]); i++) {
        /* The reserved bytes say nothing and are not looked at: not among the offsets. */
        expect_tampering_is_seen(fixture, offsets[i]);
        assert_int_equal(i + 1, logged(fixture, "not trusted"));
    }
}

static void test_an_artifact_of_another_key_is_not_trusted(void **state)
{
    struct fixture *fixture = *state;
    struct artifact_key key = key_of(1), other = key_of(2), other_engine = key_of(1);
    char from[PATH_MAX];

    other_engine.fingerprint++;
    put(fixture, &key, "content", 7);
    snprintf(from, sizeof(from), "%s", folder_path(&fixture->folder, file_name_of(&key)));
    assert_int_equal(0, link(from, folder_path(&fixture->folder, file_name_of(&other))));
    assert_int_equal(0, link(from, folder_path(&fixture->folder, file_name_of(&other_engine))));
    assert_int_equal(ERROR_NOT_FOUND, find(fixture, &other));
    assert_int_equal(ERROR_NOT_FOUND, find(fixture, &other_engine));
    assert_int_equal(2, logged(fixture, "not trusted"));
    assert_int_equal(0, find(fixture, &key));
}

static void test_an_artifact_of_another_host_is_not_trusted(void **state)
{
    struct fixture *fixture = *state;
    struct artifact_key key = key_of(1);

    put(fixture, &key, "content", 7);
    close_cache(fixture);
    assert_int_equal(0, unlink(folder_path(&fixture->folder, "key")));
    open_cache(fixture, BYTES_MAX);
    assert_int_equal(ERROR_NOT_FOUND, find(fixture, &key));
    assert_int_equal(1, logged(fixture, "not trusted"));
}

static void test_every_truncation_is_seen(void **state)
{
    struct fixture *fixture = *state;
    struct artifact_key key = key_of(1);
    const off_t lengths[] = {0, 1, 63, 64, 65, 106, 100 + TRAILER_BYTES - 1};
    char *content = content_of(1, 100);

    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        const char *path = folder_path(&fixture->folder, file_name_of(&key));
        put(fixture, &key, content, 100);
        assert_int_equal(0, chmod(path, 0600));
        assert_int_equal(0, truncate(path, lengths[i]));
        assert_int_equal(ERROR_NOT_FOUND, find(fixture, &key));
    }
    free(content);
}

static void test_a_link_in_place_of_an_artifact_is_not_followed(void **state)
{
    struct fixture *fixture = *state;
    struct artifact_key key = key_of(1), other = key_of(2);

    put(fixture, &key, "content", 7);
    assert_int_equal(0, symlink(file_name_of(&key), folder_path(&fixture->folder, "link")));
    assert_int_equal(0, rename(folder_path(&fixture->folder, "link"),
                               folder_path(&fixture->folder, file_name_of(&other))));
    assert_int_not_equal(0, find(fixture, &other));
}

static void test_the_longest_unused_make_room(void **state)
{
    struct fixture *fixture = *state;
    const size_t bytes = 1000 - TRAILER_BYTES;
    struct artifact_key keys[5];
    struct artifact *used;
    char *content = content_of(3, 4000);

    close_cache(fixture);
    open_cache(fixture, 4000);
    for (int i = 0; i < 5; i++)
        keys[i] = key_of((uint8_t)(i + 1));
    for (int i = 0; i < 4; i++)
        put(fixture, &keys[i], content, bytes);
    assert_int_equal(4, folder_count(&fixture->folder, ".artifact"));
    /* 1 is found (and so used), 2 is held; 3 is what was unused for longest. */
    assert_int_equal(0, find(fixture, &keys[0]));
    assert_int_equal(0, artifact_cache_find(fixture->cache, &keys[1], &used, NULL));
    put(fixture, &keys[4], content, bytes);
    assert_int_equal(4, folder_count(&fixture->folder, ".artifact"));
    assert_false(folder_has(&fixture->folder, file_name_of(&keys[2])));
    /* One byte more than a quarter needs two places. */
    put(fixture, &keys[2], content, bytes + 1);
    assert_int_equal(3, folder_count(&fixture->folder, ".artifact"));
    assert_true(folder_has(&fixture->folder, file_name_of(&keys[1])));
    assert_true(folder_has(&fixture->folder, file_name_of(&keys[2])));
    assert_true(folder_has(&fixture->folder, file_name_of(&keys[4])));
    artifact_release(used);
    free(content);
}

static void test_the_bound_at_its_edge(void **state)
{
    struct fixture *fixture = *state;
    struct artifact_key key = key_of(1), larger = key_of(2);
    struct artifact *artifact;
    char *content = content_of(3, 5000);

    close_cache(fixture);
    open_cache(fixture, 4000);
    put(fixture, &key, content, 4000 - TRAILER_BYTES);
    assert_int_equal(0, logged(fixture, "cannot be cached"));
    assert_int_equal(0, find(fixture, &key));
    /* One more cannot be kept on disk, and costs no other its place. */
    assert_int_equal(0, artifact_cache_put(fixture->cache, &larger,
                                           (struct slice){content, 4001 - TRAILER_BYTES}, &artifact,
                                           NULL));
    assert_int_equal(1, logged(fixture, "cannot be cached"));
    assert_content(artifact, content, 4001 - TRAILER_BYTES);
    artifact_release(artifact);
    assert_int_equal(ERROR_NOT_FOUND, find(fixture, &larger));
    assert_int_equal(0, find(fixture, &key));
    free(content);
}

static void test_a_full_disk_is_a_warning(void **state)
{
    struct fixture *fixture = *state;
    struct artifact_key key = key_of(1);
    struct artifact *artifact;
    struct fault fault;

    for (uint64_t nth = 1; nth <= 2; nth++) {
        fault_init(&fault);
        fault_arm(&fault, FAULT_WRITE, nth);
        artifact_cache_set_fault(fixture->cache, &fault);
        assert_int_equal(
            0, artifact_cache_put(fixture->cache, &key, SLICE("content"), &artifact, NULL));
        assert_true(fault_came(&fault, FAULT_WRITE));
        assert_int_equal(nth, logged(fixture, "cannot be cached"));
        assert_content(artifact, "content", 7);
        /* Sealed: nobody can change what will run. */
        assert_int_equal(-1, write(artifact_descriptor(artifact), "x", 1));
        /* In use, it is found; nothing of it is on disk. */
        assert_int_equal(0, find(fixture, &key));
        artifact_release(artifact);
        assert_int_equal(ERROR_NOT_FOUND, find(fixture, &key));
        assert_int_equal(1, folder_count(&fixture->folder, ""));
    }
    artifact_cache_set_fault(fixture->cache, NULL);
    put(fixture, &key, "content", 7);
    assert_int_equal(0, find(fixture, &key));
}

static void test_modes(void **state)
{
    struct fixture *fixture = *state;
    struct artifact_key key = key_of(1);
    struct stat status;

    close_cache(fixture);
    snprintf(fixture->folder.path + strlen(fixture->folder.path), 16, "/new/cache/");
    open_cache(fixture, BYTES_MAX);
    put(fixture, &key, "content", 7);
    assert_int_equal(0, stat(fixture->folder.path, &status));
    assert_int_equal(0700, status.st_mode & 07777);
    assert_int_equal(0, stat(folder_path(&fixture->folder, "key"), &status));
    assert_int_equal(0600, status.st_mode & 07777);
    assert_int_equal(32, status.st_size);
    assert_int_equal(0, stat(folder_path(&fixture->folder, file_name_of(&key)), &status));
    assert_int_equal(0400, status.st_mode & 07777);
    *strstr(fixture->folder.path, "/new/cache/") = 0;
}

static int reopen(struct fixture *fixture)
{
    return artifact_cache_create(fixture->folder.path, BYTES_MAX, &fixture->clock, fixture->log,
                                 &fixture->cache, &fixture->error);
}

static void test_a_folder_that_others_may_write_is_refused(void **state)
{
    struct fixture *fixture = *state;
    const mode_t refused[] = {0777, 0720, 0702, 01777};

    close_cache(fixture);
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        assert_int_equal(0, chmod(fixture->folder.path, refused[i]));
        assert_int_equal(ERROR_NOT_TRUSTED, reopen(fixture));
        assert_non_null(strstr(fixture->error.message, "chmod 700"));
        assert_non_null(strstr(fixture->error.message, fixture->folder.path));
    }
    assert_int_equal(0, chmod(fixture->folder.path, 0755));
    assert_int_equal(0, reopen(fixture));
}

static void test_a_key_that_others_may_read_is_refused(void **state)
{
    struct fixture *fixture = *state;
    const char *key = folder_path(&fixture->folder, "key");

    close_cache(fixture);
    assert_int_equal(0, chmod(key, 0640));
    assert_int_equal(ERROR_NOT_TRUSTED, reopen(fixture));
    assert_non_null(strstr(fixture->error.message, "/key"));
    assert_int_equal(0, chmod(key, 0600));
    assert_int_equal(0, truncate(key, 31));
    assert_int_equal(ERROR_NOT_TRUSTED, reopen(fixture));
    assert_non_null(strstr(fixture->error.message, "damaged"));
    assert_int_equal(0, unlink(key));
    assert_int_equal(0, reopen(fixture));
}

static void test_a_folder_that_cannot_be_made(void **state)
{
    struct fixture *fixture = *state;
    struct artifact_cache *cache;

    folder_write(&fixture->folder, "file", "x", 1);
    assert_int_equal(ERROR_SYSTEM,
                     artifact_cache_create(folder_path(&fixture->folder, "file/cache"), BYTES_MAX,
                                           &fixture->clock, NULL, &cache, &fixture->error));
    assert_non_null(strstr(fixture->error.message, "file"));
    assert_int_not_equal(0, artifact_cache_create(folder_path(&fixture->folder, "file"), BYTES_MAX,
                                                  &fixture->clock, NULL, &cache, &fixture->error));
    assert_int_equal(ERROR_CONFIGURATION, artifact_cache_create("", BYTES_MAX, &fixture->clock,
                                                                NULL, &cache, &fixture->error));
}

/* What another user finds in a folder of root's. Exits with 0 when all is refused as it should be.
 */
static void be_somebody_else(struct fixture *fixture)
{
    struct artifact_cache *cache;
    struct error error;
    int code;

    if (setresgid(65534, 65534, 65534) != 0 || setresuid(65534, 65534, 65534) != 0)
        _exit(1);
    code = artifact_cache_create(fixture->folder.path, BYTES_MAX, &fixture->clock, NULL, &cache,
                                 &error);
    if (code != ERROR_NOT_TRUSTED || strstr(error.message, "belongs to user 0") == NULL)
        _exit(2);
    code = artifact_cache_create(folder_path(&fixture->folder, "below"), BYTES_MAX, &fixture->clock,
                                 NULL, &cache, &error);
    if (code != ERROR_SYSTEM || strstr(error.message, "below") == NULL)
        _exit(3);
    _exit(0);
}

static void test_a_folder_of_another_user_is_refused(void **state)
{
    struct fixture *fixture = *state;
    int status;
    pid_t child;

    if (geteuid() != 0)
        skip();
    close_cache(fixture);
    assert_int_equal(0, chmod(fixture->folder.path, 0755));
    child = fork();
    assert_true(child >= 0);
    if (child == 0)
        be_somebody_else(fixture);
    assert_int_equal(child, waitpid(child, &status, 0));
    assert_true(WIFEXITED(status));
    assert_int_equal(0, WEXITSTATUS(status));
    assert_int_equal(0, reopen(fixture));
}

/* ---- Several processes ----------------------------------------------------------------------- */

/* Puts and finds artifacts in a cache of its own over the same folder. */
static void write_in_child(struct fixture *fixture, unsigned rounds)
{
    struct artifact_cache *cache;
    struct artifact *artifact;
    struct error error;

    if (artifact_cache_create(fixture->folder.path, BYTES_MAX, clock_system(), NULL, &cache,
                              &error) != 0)
        _exit(1);
    for (unsigned round = 0; round < rounds; round++) {
        uint8_t number = (uint8_t)(round % 4);
        size_t bytes = 20000 + number;
        struct artifact_key key = key_of(number);
        char *content = content_of(number, bytes);
        struct slice slice = {.data = content, .bytes = bytes};
        if (artifact_cache_put(cache, &key, slice, &artifact, &error) != 0)
            _exit(2);
        artifact_release(artifact);
        free(content);
    }
    artifact_cache_destroy(cache);
    _exit(0);
}

/* All artifacts that are there are whole, and nothing else is. */
static void expect_sound(struct fixture *fixture, size_t expected)
{
    size_t found = 0;

    for (uint8_t number = 0; number < 4; number++) {
        struct artifact_key key = key_of(number);
        struct artifact *artifact = NULL;
        if (artifact_cache_find(fixture->cache, &key, &artifact, &fixture->error) != 0)
            continue;
        char *content = content_of(number, 20000u + number);
        assert_content(artifact, content, 20000u + number);
        artifact_release(artifact);
        free(content);
        found++;
    }
    assert_int_equal(0, logged(fixture, "not trusted"));
    assert_true(found >= expected);
    assert_int_equal(found + 1, folder_count(&fixture->folder, ""));
}

static void test_two_processes_write_at_a_time(void **state)
{
    struct fixture *fixture = *state;
    pid_t children[2];
    int status;

    /* They also race for the key. */
    close_cache(fixture);
    assert_int_equal(0, unlink(folder_path(&fixture->folder, "key")));
    for (int i = 0; i < 2; i++) {
        children[i] = fork();
        assert_true(children[i] >= 0);
        if (children[i] == 0)
            write_in_child(fixture, 60);
    }
    for (int i = 0; i < 2; i++) {
        assert_int_equal(children[i], waitpid(children[i], &status, 0));
        assert_true(WIFEXITED(status));
        assert_int_equal(0, WEXITSTATUS(status));
    }
    open_cache(fixture, BYTES_MAX);
    expect_sound(fixture, 4);
}

static void sleep_us(long microseconds)
{
    struct timespec time = {.tv_nsec = microseconds * 1000};
    nanosleep(&time, NULL);
}

static void test_kill_during_writes_loses_nothing(void **state)
{
    struct fixture *fixture = *state;
    struct artifact_key kept = key_of(200);
    unsigned torn = 0;
    int status;

    put(fixture, &kept, "kept", 4);
    for (int round = 0; round < 40; round++) {
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0)
            write_in_child(fixture, 1000000);
        sleep_us(2000 + round * 400);
        assert_int_equal(0, kill(child, SIGKILL));
        assert_int_equal(child, waitpid(child, &status, 0));
        assert_true(WIFSIGNALED(status));
        /* Killed within a write, it leaves a file aside. */
        torn +=
            folder_count(&fixture->folder, ".artifact") + 1 < folder_count(&fixture->folder, "");
        close_cache(fixture);
        open_cache(fixture, BYTES_MAX);
        assert_int_equal(0, find(fixture, &kept));
        assert_int_equal(folder_count(&fixture->folder, ".artifact") + 1,
                         folder_count(&fixture->folder, ""));
    }
    /* Else this test has not shown anything. */
    assert_true(torn > 0);
    assert_int_equal(0, unlink(folder_path(&fixture->folder, file_name_of(&kept))));
    expect_sound(fixture, 0);
}

static void test_a_file_that_is_being_written_is_not_stale(void **state)
{
    struct fixture *fixture = *state;
    int ready[2], release[2], status;
    char byte = 0;
    pid_t child;

    assert_int_equal(0, pipe(ready));
    assert_int_equal(0, pipe(release));
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        /* Holds the lock as a writer does, then dies with the file in place. */
        int descriptor =
            open(folder_path(&fixture->folder, ".writing-1-0"), O_RDWR | O_CREAT, 0600);
        if (descriptor < 0 || flock(descriptor, LOCK_EX) != 0 || write(ready[1], "x", 1) != 1 ||
            read(release[0], &byte, 1) != 1)
            _exit(1);
        _exit(0);
    }
    assert_int_equal(1, read(ready[0], &byte, 1));
    close_cache(fixture);
    open_cache(fixture, BYTES_MAX);
    assert_true(folder_has(&fixture->folder, ".writing-1-0"));
    assert_int_equal(1, write(release[1], "x", 1));
    assert_int_equal(child, waitpid(child, &status, 0));
    assert_int_equal(0, status);
    close_cache(fixture);
    open_cache(fixture, BYTES_MAX);
    assert_false(folder_has(&fixture->folder, ".writing-1-0"));
    for (int i = 0; i < 2; i++) {
        close(ready[i]);
        close(release[i]);
    }
}

/* ---- Several threads ------------------------------------------------------------------------- */

static void *find_and_put(void *argument)
{
    struct fixture *fixture = argument;

    for (int round = 0; round < 200; round++) {
        struct artifact_key key = key_of((uint8_t)(round % 3));
        struct artifact *artifact = NULL;
        if (artifact_cache_find(fixture->cache, &key, &artifact, NULL) != 0 &&
            artifact_cache_put(fixture->cache, &key, SLICE("content"), &artifact, NULL) != 0)
            return argument;
        artifact_release(artifact_acquire(artifact));
        artifact_release(artifact);
    }
    return NULL;
}

static void test_several_threads(void **state)
{
    struct fixture *fixture = *state;
    pthread_t threads[3];
    void *result;

    for (int i = 0; i < 3; i++)
        assert_int_equal(0, pthread_create(&threads[i], NULL, find_and_put, fixture));
    for (int i = 0; i < 3; i++) {
        assert_int_equal(0, pthread_join(threads[i], &result));
        assert_null(result);
    }
    assert_int_equal(3, folder_count(&fixture->folder, ".artifact"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_what_was_put_is_found_after_a_restart),
        TEST(test_an_artifact_in_use_is_shared_and_outlives_its_file),
        TEST(test_the_descriptor_cannot_be_written_to),
        TEST(test_content_of_0_bytes),
        TEST(test_one_changed_byte_is_not_trusted),
        TEST(test_an_artifact_of_another_key_is_not_trusted),
        TEST(test_an_artifact_of_another_host_is_not_trusted),
        TEST(test_every_truncation_is_seen),
        TEST(test_a_link_in_place_of_an_artifact_is_not_followed),
        TEST(test_the_longest_unused_make_room),
        TEST(test_the_bound_at_its_edge),
        TEST(test_a_full_disk_is_a_warning),
        TEST(test_modes),
        TEST(test_a_folder_that_others_may_write_is_refused),
        TEST(test_a_key_that_others_may_read_is_refused),
        TEST(test_a_folder_that_cannot_be_made),
        TEST(test_a_folder_of_another_user_is_refused),
        TEST(test_two_processes_write_at_a_time),
        TEST(test_kill_during_writes_loses_nothing),
        TEST(test_a_file_that_is_being_written_is_not_stale),
        TEST(test_several_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
