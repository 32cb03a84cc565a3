/* SPDX-License-Identifier: AGPL-3.0-only */

#include "runtime/directory.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/check.h"
#include "base/sha256.h"
#include "tables/errors.h"

struct fixture {
    struct loop *loop;
    struct directory *directory;
    struct directory_watcher watcher;
    char told[1024]; /* what the watcher was told */
    unsigned applied;
};

/* A version without code: nothing here maps it. */
static struct version *make_version(uint8_t number)
{
    uint8_t hash[SHA256_BYTES];
    struct function_configuration *configuration = NULL;
    struct version *version = NULL;

    memset(hash, number, sizeof(hash));
    check(version_create("default", "a", hash, configuration, NULL, NULL, &version, NULL) == 0);
    return version;
}

static void changed(void *context, struct directory_entry *entry, struct version *old, bool removed)
{
    struct fixture *fixture = context;
    size_t bytes = strlen(fixture->told);

    /* The version before is still there while it is told. */
    snprintf(fixture->told + bytes, sizeof(fixture->told) - bytes, "%s%s:%d:%.2s<%.2s ",
             removed ? "-" : "", entry->name, (int)entry->state,
             entry->version != NULL ? entry->version->id : "", old != NULL ? old->id : "");
}

static void applied(void *context)
{
    ((struct fixture *)context)->applied++;
}

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));

    check(fixture != NULL);
    check(loop_create(clock_system(), &fixture->loop, NULL) == 0);
    check(directory_create(fixture->loop, &fixture->directory, NULL) == 0);
    fixture->watcher = (struct directory_watcher){.changed = changed, .context = fixture};
    directory_watch(fixture->directory, &fixture->watcher);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;

    directory_destroy(fixture->directory);
    loop_destroy(fixture->loop);
    free(fixture);
    return 0;
}

static void publish(struct fixture *fixture, const char *name, enum function_state function,
                    struct version *version, int code)
{
    struct publication publication = {
        .name = name, .state = function, .version = version, .code = code};
    assert_int_equal(0, directory_publish(fixture->directory, &publication, applied, fixture));
}

static void publish_removal(struct fixture *fixture, const char *name)
{
    struct publication publication = {.name = name, .removed = true};
    assert_int_equal(0, directory_publish(fixture->directory, &publication, applied, fixture));
}

static void test_a_life(void **state)
{
    struct fixture *fixture = *state;
    struct version *one = make_version(0x11), *two = make_version(0x22);
    struct directory_entry *entry;

    assert_null(directory_find(fixture->directory, SLICE("a")));
    publish(fixture, "a", FUNCTION_COMPILING, NULL, 0);
    /* It is a message: nothing happens before the loop goes round. */
    assert_null(directory_find(fixture->directory, SLICE("a")));
    assert_int_equal(0, fixture->applied);
    loop_run_once(fixture->loop, 0);
    entry = directory_find(fixture->directory, SLICE("a"));
    assert_non_null(entry);
    assert_int_equal(FUNCTION_COMPILING, entry->state);
    assert_null(entry->version);
    entry->pool = &fixture;

    publish(fixture, "a", FUNCTION_BROKEN, NULL, ERROR_COMPONENT_IMPORT);
    publish(fixture, "a", FUNCTION_READY, one, 0);
    publish(fixture, "a", FUNCTION_READY, two, 0);
    version_release(one);
    version_release(two);
    loop_run_once(fixture->loop, 0);
    assert_ptr_equal(entry, directory_find(fixture->directory, SLICE("a")));
    assert_ptr_equal(two, entry->version);
    assert_ptr_equal(&fixture, entry->pool);
    assert_int_equal(0, entry->code);
    assert_int_equal(1, atomic_load(&two->references));

    publish_removal(fixture, "a");
    loop_run_once(fixture->loop, 0);
    assert_null(directory_find(fixture->directory, SLICE("a")));
    assert_string_equal("a:0:< a:2:< a:1:11< a:1:22<11 -a:1:22<22 ", fixture->told);
    assert_int_equal(5, fixture->applied);
}

static void test_broken_has_its_code(void **state)
{
    struct fixture *fixture = *state;

    publish(fixture, "a", FUNCTION_BROKEN, NULL, ERROR_COMPONENT_THREADS);
    loop_run_once(fixture->loop, 0);
    assert_int_equal(ERROR_COMPONENT_THREADS, directory_find(fixture->directory, SLICE("a"))->code);
}

static void test_removing_what_is_not_there(void **state)
{
    struct fixture *fixture = *state;

    publish_removal(fixture, "a");
    loop_run_once(fixture->loop, 0);
    assert_int_equal(1, fixture->applied);
    assert_string_equal("", fixture->told);
}

static void test_names_are_whole(void **state)
{
    struct fixture *fixture = *state;

    publish(fixture, "hello", FUNCTION_COMPILING, NULL, 0);
    loop_run_once(fixture->loop, 0);
    assert_null(directory_find(fixture->directory, SLICE("hell")));
    assert_null(directory_find(fixture->directory, SLICE("hello ")));
    assert_null(directory_find(fixture->directory, SLICE("Hello")));
    assert_null(directory_find(fixture->directory, SLICE("hello\0")));
    assert_null(directory_find(fixture->directory, (struct slice){0}));
    /* A slice is not terminated. */
    assert_non_null(directory_find(fixture->directory, (struct slice){"hellooo", 5}));
}

static void test_many_functions(void **state)
{
    struct fixture *fixture = *state;
    char name[16];

    directory_unwatch(&fixture->watcher);
    for (int i = 0; i < 5000; i++) {
        snprintf(name, sizeof(name), "f%d", i);
        publish(fixture, name, FUNCTION_COMPILING, NULL, 0);
    }
    for (int i = 0; i < 5000; i += 2) {
        snprintf(name, sizeof(name), "f%d", i);
        publish_removal(fixture, name);
    }
    loop_run_once(fixture->loop, 0);
    assert_int_equal(2500, directory_count(fixture->directory));
    for (int i = 0; i < 5000; i++) {
        snprintf(name, sizeof(name), "f%d", i);
        if (i % 2 == 0)
            assert_null(directory_find(fixture->directory, slice_of(name)));
        else
            assert_string_equal(name, directory_find(fixture->directory, slice_of(name))->name);
    }
}

static void test_the_end_with_entries_and_letters_under_way(void **state)
{
    struct fixture *fixture = *state;
    struct version *version = make_version(0x33);

    publish(fixture, "a", FUNCTION_READY, version, 0);
    loop_run_once(fixture->loop, 0);
    publish(fixture, "a", FUNCTION_READY, version, 0);
    publish(fixture, "b", FUNCTION_COMPILING, NULL, 0);
    assert_int_equal(3, atomic_load(&version->references));
    directory_destroy(fixture->directory);
    fixture->directory = NULL;
    assert_int_equal(3, fixture->applied);
    assert_string_equal("a:1:33< -a:1:33<33 ", fixture->told);
    assert_int_equal(1, atomic_load(&version->references));
    version_release(version);
}

/* ---- Sent from other threads ----------------------------------------------------------------- */

#define ROUNDS 3000

struct sender {
    struct fixture *fixture;
    char name[2];
};

static void *send_in_order(void *argument)
{
    struct sender *sender = argument;

    for (int i = 1; i <= ROUNDS; i++) {
        struct publication publication = {
            .name = sender->name, .state = FUNCTION_BROKEN, .code = -i};
        check(directory_publish(sender->fixture->directory, &publication, applied,
                                sender->fixture) == 0);
    }
    return NULL;
}

struct order {
    int last[2];
    bool kept;
};

static void check_order(void *context, struct directory_entry *entry, struct version *old,
                        bool removed)
{
    struct order *order = context;
    int *last = &order->last[entry->name[0] - 'a'];

    (void)old;
    if (removed)
        return;
    order->kept = order->kept && entry->code == *last - 1;
    *last = entry->code;
}

static void test_two_threads_send_and_the_order_is_kept(void **state)
{
    struct fixture *fixture = *state;
    struct sender senders[2] = {{fixture, "a"}, {fixture, "b"}};
    struct order order = {.kept = true};
    pthread_t threads[2];

    struct directory_watcher watcher = {.changed = check_order, .context = &order};
    directory_unwatch(&fixture->watcher);
    directory_watch(fixture->directory, &watcher);
    for (int i = 0; i < 2; i++)
        assert_int_equal(0, pthread_create(&threads[i], NULL, send_in_order, &senders[i]));
    for (int turns = 0; turns < 20000 && fixture->applied < 2 * ROUNDS; turns++)
        loop_run_once(fixture->loop, 1);
    for (int i = 0; i < 2; i++)
        assert_int_equal(0, pthread_join(threads[i], NULL));
    assert_int_equal(2 * ROUNDS, fixture->applied);
    assert_true(order.kept);
    assert_int_equal(-ROUNDS, order.last[0]);
    assert_int_equal(-ROUNDS, order.last[1]);
    directory_unwatch(&watcher);
}

/* Takes itself out at the first thing that it is told. */
static void leave(void *context, struct directory_entry *entry, struct version *old, bool removed)
{
    struct directory_watcher *self = context;

    (void)entry;
    (void)old;
    (void)removed;
    assert_non_null(self->context);
    self->context = NULL;
    directory_unwatch(self);
}

static void test_several_watchers_are_told(void **state)
{
    struct fixture *fixture = *state;
    struct directory_watcher leaving = {.changed = leave, .context = &leaving};
    struct directory_watcher second = {.changed = changed, .context = fixture};

    directory_watch(fixture->directory, &leaving);
    directory_watch(fixture->directory, &second);
    publish(fixture, "a", FUNCTION_COMPILING, NULL, 0);
    publish_removal(fixture, "a");
    loop_run_once(fixture->loop, 0);
    assert_string_equal("a:0:< a:0:< -a:0:< -a:0:< ", fixture->told);
    assert_null(leaving.context);
    directory_unwatch(&second);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_a_life),
        TEST(test_broken_has_its_code),
        TEST(test_removing_what_is_not_there),
        TEST(test_names_are_whole),
        TEST(test_many_functions),
        TEST(test_the_end_with_entries_and_letters_under_way),
        TEST(test_two_threads_send_and_the_order_is_kept),
        TEST(test_several_watchers_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
