/* SPDX-License-Identifier: AGPL-3.0-only */

/* Files on their way through a real server to a real client, read at once and by the pool. */

#include "assets/assets.h"

#include <sys/stat.h>

#include "../http/server_fixture.h"
#include "../lib/folder.h"

#define LARGE_BYTES (1u << 20)

struct world {
    struct server_fixture *fixture;
    struct folder folder;
    struct assets *assets;
    struct asset_search *search;
    struct http_exchange *exchange; /* that waits for a search */
    struct texts immutable;
    const char *patterns[1];
    int failure;
    unsigned searches;
};

static struct world *world_of_tests; /* the fixture's hooks have no context of their own */

/* ---- Handling -------------------------------------------------------------------------------- */

static void send_found(struct world *world, struct http_exchange *exchange,
                       const struct asset_file *file)
{
    const struct asset_terms terms = {
        .immutable = &world->immutable,
        .request_id = SLICE("id"),
        .function = "hello",
        .failure = &world->failure,
    };
    note(world->fixture, "found %d\n", (int)file->kind);
    if (file->kind == ASSET_FILE || file->kind == ASSET_FOLDER)
        assets_send(world->assets, exchange, file, &terms);
    else
        answer(exchange, "none");
}

static void on_found(void *context, const struct asset_file *file)
{
    struct world *world = context;
    struct http_exchange *exchange = world->exchange;
    world->exchange = NULL;
    world->search = NULL;
    send_found(world, exchange, file);
}

static void on_gone(struct server_fixture *fixture)
{
    struct world *world = world_of_tests;
    (void)fixture;
    if (world->search)
        assets_cancel(world->search);
    world->search = NULL;
}

static void on_request(struct server_fixture *fixture, struct http_exchange *exchange)
{
    struct world *world = world_of_tests;
    const struct http_request *request = http_exchange_request(exchange);
    if (!assets_concern(request)) {
        answer(exchange, "the function");
        return;
    }
    http_exchange_handle(exchange, &fixture_events, fixture);
    struct asset_file file =
        assets_find(world->assets, world->folder.path, request, on_found, world, &world->search);
    if (world->search) {
        world->exchange = exchange;
        world->searches++;
        return;
    }
    send_found(world, exchange, &file);
}

/* Lets the pool and the loop work until nothing has come for a while. */
static void work(struct world *world)
{
    for (int quiet = 0; quiet < 100; quiet++) {
        size_t before = world->fixture->received_bytes;
        loop_run_once(world->fixture->loop, 1);
        client_receive(world->fixture);
        if (world->fixture->received_bytes != before)
            quiet = 0;
    }
}

/* Files that are made now are old. */
static uint64_t read_far_future(void *context)
{
    (void)context;
    return 4000000000 * SECOND;
}

static void make(struct world *world, bool never_cached)
{
    world->fixture = fixture_make();
    world->fixture->on_request = on_request;
    world->fixture->on_gone = on_gone;
    world->fixture->clock.realtime_ns = read_far_future;
    const struct assets_options options = {.loop = world->fixture->loop,
                                           .never_cached = never_cached};
    assert_int_equal(assets_create(&options, &world->assets, NULL), 0);
    folder_init(&world->folder);
    folder_write(&world->folder, "a.css", "body{}", 6);
    char *large = malloc(LARGE_BYTES);
    assert_non_null(large);
    for (size_t i = 0; i < LARGE_BYTES; i++)
        large[i] = (char)('a' + i % 23);
    folder_write(&world->folder, "large", large, LARGE_BYTES);
    free(large);
    assert_int_equal(mkdir(folder_path(&world->folder, "docs"), 0755), 0);
    folder_write(&world->folder, "docs/index.html", "docs", 4);
    world_of_tests = world;
}

static int set_up(void **state)
{
    struct world *world = calloc(1, sizeof(*world));
    assert_non_null(world);
    make(world, false);
    *state = world;
    return 0;
}

static int set_up_pool(void **state)
{
    struct world *world = calloc(1, sizeof(*world));
    assert_non_null(world);
    make(world, true);
    *state = world;
    return 0;
}

static int tear_down(void **state)
{
    struct world *world = *state;
    close_server(world->fixture);
    run(world->fixture);
    assert_true(world->fixture->closed);
    assets_destroy(world->assets);
    fixture_free(world->fixture);
    folder_fini(&world->folder);
    free(world);
    return 0;
}

/* ---- Tests ----------------------------------------------------------------------------------- */

static void ask(struct world *world, const char *text)
{
    world->fixture->received_bytes = 0;
    say(world->fixture, text);
    work(world);
    world->fixture->received[world->fixture->received_bytes] = '\0';
}

static void expect_has(const struct world *world, const char *part)
{
    if (!strstr(world->fixture->received, part))
        fail_msg("%s is not in %.2000s", part, world->fixture->received);
}

static const char *body_of(const struct world *world)
{
    const char *end = strstr(world->fixture->received, "\r\n\r\n");
    assert_non_null(end);
    return end + 4;
}

static void a_file_is_sent(void **state)
{
    struct world *world = *state;
    ask(world, "GET /a.css?v HTTP/1.1\r\nHost: a\r\n\r\n");
    expect_has(world, "HTTP/1.1 200 OK\r\n");
    expect_has(world, "\r\nContent-Length: 6\r\n");
    expect_has(world, "\r\ncontent-type: text/css; charset=utf-8\r\n");
    expect_has(world, "\r\nx-request-id: id\r\n");
    assert_string_equal(body_of(world), "body{}");
    expect_events(world->fixture, "GET /a.css?v\nfound 1\ndone 200 6 -\n");
    /* The connection goes on. */
    ask(world, "HEAD /a.css HTTP/1.1\r\nHost: a\r\n\r\n");
    expect_has(world, "\r\nContent-Length: 6\r\n");
    assert_string_equal(body_of(world), "");
    ask(world, "GET /a.css HTTP/1.1\r\nHost: a\r\nRange: bytes=1-3\r\n\r\n");
    expect_has(world, "HTTP/1.1 206 Partial Content\r\n");
    expect_has(world, "\r\ncontent-range: bytes 1-3/6\r\n");
    assert_string_equal(body_of(world), "ody");
    ask(world, "GET /a.css HTTP/1.1\r\nHost: a\r\nRange: bytes=6-\r\n\r\n");
    expect_has(world, "HTTP/1.1 416 ");
    expect_has(world, "\r\nContent-Length: 0\r\n");
    ask(world, "GET /a.css HTTP/1.1\r\nHost: a\r\nIf-None-Match: *\r\n\r\n");
    expect_has(world, "HTTP/1.1 304 Not Modified\r\n");
    assert_null(strstr(world->fixture->received, "Content-Length"));
    expect_open(world->fixture);
}

static void what_is_none_is_not_answered_here(void **state)
{
    struct world *world = *state;
    ask(world, "GET /none HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_string_equal(body_of(world), "none");
    ask(world, "POST /a.css HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
    assert_string_equal(body_of(world), "the function");
    ask(world, "GET /../a.css HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_string_equal(body_of(world), "the function");
    ask(world, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_string_equal(body_of(world), "none");
}

static void a_folder_is_asked_for_with_its_slash(void **state)
{
    struct world *world = *state;
    ask(world, "GET /docs?a=%2Fb&c HTTP/1.1\r\nHost: a\r\n\r\n");
    expect_has(world, "HTTP/1.1 307 Temporary Redirect\r\n");
    expect_has(world, "\r\nlocation: /docs/?a=%2Fb&c\r\n");
    expect_has(world, "\r\nx-request-id: id\r\n");
    ask(world, "GET /docs/ HTTP/1.1\r\nHost: a\r\n\r\n");
    expect_has(world, "\r\ncontent-type: text/html; charset=utf-8\r\n");
    assert_string_equal(body_of(world), "docs");
}

static void what_never_changes_is_kept(void **state)
{
    struct world *world = *state;
    world->patterns[0] = "docs";
    world->immutable = (struct texts){.items = world->patterns, .count = 1};
    ask(world, "GET /docs/ HTTP/1.1\r\nHost: a\r\n\r\n");
    expect_has(world, "\r\ncache-control: public, max-age=31536000, immutable\r\n");
    ask(world, "GET /a.css HTTP/1.1\r\nHost: a\r\n\r\n");
    expect_has(world, "\r\ncache-control: public, max-age=0, must-revalidate\r\n");
    world->patterns[0] = "**/*.html";
    ask(world, "GET /docs/ HTTP/1.1\r\nHost: a\r\n\r\n");
    expect_has(world, "\r\ncache-control: public, max-age=31536000, immutable\r\n");
}

static void expect_large(struct world *world, size_t first, size_t bytes)
{
    const char *body = body_of(world);
    size_t head = (size_t)(body - world->fixture->received);
    assert_int_equal(world->fixture->received_bytes - head, bytes);
    for (size_t i = 0; i < bytes; i++) {
        if (body[i] != (char)('a' + (first + i) % 23))
            fail_msg("byte %zu is wrong", first + i);
    }
}

static void a_large_file_goes_piece_by_piece(void **state)
{
    struct world *world = *state;
    ask(world, "GET /large HTTP/1.1\r\nHost: a\r\n\r\n");
    expect_has(world, "\r\nContent-Length: 1048576\r\n");
    expect_has(world, "\r\ncontent-type: application/octet-stream\r\n");
    expect_large(world, 0, LARGE_BYTES);
    assert_true(world->fixture->writables == 0);
    ask(world, "GET /large HTTP/1.1\r\nHost: a\r\nRange: bytes=100000-899999\r\n\r\n");
    expect_has(world, "\r\ncontent-range: bytes 100000-899999/1048576\r\n");
    expect_large(world, 100000, 800000);
    expect_events(world->fixture, "GET /large\nfound 1\ndone 200 1048576 -\n"
                                  "GET /large\nfound 1\ndone 206 800000 -\n");
}

/* Asks for the large file and takes nothing of it. */
static void ask_and_wait(struct world *world, const char *target)
{
    char text[128];
    (void)snprintf(text, sizeof(text), "GET %s HTTP/1.1\r\nHost: a\r\n\r\n", target);
    client_send(world->fixture, slice_of(text));
    for (int i = 0; i < 50; i++)
        loop_run_once(world->fixture->loop, 1);
}

static void a_client_that_takes_nothing_holds_little(void **state)
{
    struct world *world = *state;
    ask_and_wait(world, "/large");
    /* It is far from being sent. */
    expect_events(world->fixture, "GET /large\nfound 1\n");
    work(world);
    expect_large(world, 0, LARGE_BYTES);
    expect_events(world->fixture, "done 200 1048576 -\n");
}

static void a_client_that_goes_ends_it(void **state)
{
    struct world *world = *state;
    ask_and_wait(world, "/large");
    client_close(world->fixture);
    for (int i = 0; i < 50; i++)
        loop_run_once(world->fixture->loop, 1);
    assert_int_equal(world->failure, ERROR_CLIENT_GONE);
}

static void a_server_that_closes_ends_it(void **state)
{
    struct world *world = *state;
    ask_and_wait(world, "/large");
    close_server(world->fixture);
    run(world->fixture);
    assert_true(world->fixture->closed);
    assert_int_equal(world->failure, ERROR_CLOSED);
    /* The tear-down closes what is there. */
    world->fixture->closed = false;
    client_counts_fini(&world->fixture->clients);
    assert_int_equal(fixture_open(world->fixture, true), 0);
}

static void expect_cut(struct world *world, size_t bytes_max)
{
    work(world);
    assert_true(world->fixture->client_saw_end || world->fixture->client_saw_reset);
    const char *body = body_of(world);
    size_t head = (size_t)(body - world->fixture->received);
    assert_true(world->fixture->received_bytes - head <= bytes_max);
    assert_int_equal(world->failure, ERROR_RESPONSE_INCOMPLETE);
}

static void a_file_that_shrinks_is_cut(void **state)
{
    struct world *world = *state;
    ask_and_wait(world, "/large");
    assert_int_equal(truncate(folder_path(&world->folder, "large"), 600000), 0);
    expect_cut(world, 600000);
}

static void a_file_that_is_written_to_is_cut_before_its_end(void **state)
{
    struct world *world = *state;
    ask_and_wait(world, "/large");
    FILE *file = fopen(folder_path(&world->folder, "large"), "r+");
    assert_non_null(file);
    assert_int_equal(fputc('!', file), '!');
    assert_int_equal(fclose(file), 0);
    expect_cut(world, LARGE_BYTES - 1);
}

static void a_file_that_is_replaced_is_sent_as_it_was(void **state)
{
    struct world *world = *state;
    ask_and_wait(world, "/large");
    folder_replace(&world->folder, "large", "new", 3);
    work(world);
    expect_large(world, 0, LARGE_BYTES);
    assert_int_equal(world->failure, 0);
    ask(world, "GET /large HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_string_equal(body_of(world), "new");
}

static void two_at_a_time(void **state)
{
    struct world *world = *state;
    ask(world, "GET /a.css HTTP/1.1\r\nHost: a\r\n\r\n"
               "GET /none HTTP/1.1\r\nHost: a\r\n\r\n"
               "GET /a.css HTTP/1.1\r\nHost: a\r\nRange: bytes=-1\r\n\r\n");
    expect_events(world->fixture, "GET /a.css\nfound 1\ndone 200 6 -\n"
                                  "GET /none\nfound 0\ndone 200 4 -\n"
                                  "GET /a.css\nfound 1\ndone 206 1 -\n");
}

static void a_client_that_goes_ends_the_search(void **state)
{
    struct world *world = *state;
    client_send(world->fixture, SLICE("GET /a.css HTTP/1.1\r\nHost: a\r\n\r\n"));
    for (int i = 0; i < 100 && world->searches == 0; i++)
        loop_run_once(world->fixture->loop, 0);
    assert_int_equal(world->searches, 1);
    client_close(world->fixture);
    world->fixture->event_bytes = 0;
    /* The search may have been quicker. */
    for (int i = 0; i < 50; i++)
        loop_run_once(world->fixture->loop, 1);
    assert_null(world->search);
}

int main(void)
{
#define TEST(name)                                               \
    cmocka_unit_test_setup_teardown(name, set_up, tear_down),    \
    {                                                            \
#name " in the pool", name, set_up_pool, tear_down, NULL \
    }
    const struct CMUnitTest tests[] = {
        TEST(a_file_is_sent),
        TEST(what_is_none_is_not_answered_here),
        TEST(a_folder_is_asked_for_with_its_slash),
        TEST(what_never_changes_is_kept),
        TEST(a_large_file_goes_piece_by_piece),
        TEST(a_client_that_takes_nothing_holds_little),
        TEST(a_client_that_goes_ends_it),
        TEST(a_server_that_closes_ends_it),
        TEST(a_file_that_shrinks_is_cut),
        TEST(a_file_that_is_written_to_is_cut_before_its_end),
        TEST(a_file_that_is_replaced_is_sent_as_it_was),
        TEST(two_at_a_time),
        cmocka_unit_test_setup_teardown(a_client_that_goes_ends_the_search, set_up_pool, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
