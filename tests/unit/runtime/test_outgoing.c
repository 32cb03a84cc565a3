/* SPDX-License-Identifier: AGPL-3.0-only */

/* Outgoing requests: what is refused before anything is sent, and what goes back and forth between
 * the bridge and the client. */

#include "world.h"

#include "runtime/outgoing.h"

struct outgoing_world {
    struct loop *loop;
    struct host_configuration configuration;
    struct outgoing_clients *clients;
    struct test_version version;
    struct outgoing_group group;
    bool closed;
};

static void begin(struct outgoing_world *world)
{
    struct error error;
    memset(world, 0, sizeof *world);
    memset(&fake_clients, 0, sizeof fake_clients);
    fake_reset(NULL);
    assert_int_equal(loop_create(&fake_clock, &world->loop, &error), 0);
    limits_set_cloud(&world->configuration.function.limits);
    assert_int_equal(outgoing_clients_create(world->loop, &world->configuration, "trusted.pem",
                                             &world->clients, &error),
                     0);
    version_fill(&world->version, "one", "aa");
    outgoing_group_init(&world->group, world->clients, &world->version.version, NULL);
}

static void closed(void *context)
{
    *(bool *)context = true;
}

static void end(struct outgoing_world *world)
{
    outgoing_group_cancel(&world->group);
    assert_int_equal(fake_clients.requests_alive, 0);
    outgoing_clients_close(world->clients, closed, &world->closed);
    for (int i = 0; i < 3; i++)
        loop_run_once(world->loop, 0);
    assert_true(world->closed);
    assert_int_equal(fake_clients.alive, 0);
    loop_destroy(world->loop);
}

static void event(struct outgoing_world *world, uint32_t kind, uint64_t number, const char *text)
{
    const struct fn0_event one = {
        .kind = kind, .outgoing = number, .number = strlen(text), .text = {text, strlen(text)}};
    outgoing_group_event(&world->group, &one);
}

static void request(struct outgoing_world *world, uint64_t number, const char *authority)
{
    const struct fn0_outgoing_request request = {
        .method = {"POST", 4},
        .authority = {authority, strlen(authority)},
        .path_with_query = {"/a?b", 4},
        .scheme = FN0_SCHEME_HTTPS,
        .has_body = true,
        .body_bytes = UINT64_MAX,
        .connect_timeout_ns = 1,
        .first_byte_timeout_ns = 2,
        .between_bytes_timeout_ns = FN0_TIMEOUT_NONE,
    };
    const struct fn0_event one = {
        .kind = FN0_EVENT_OUTGOING_REQUEST, .outgoing = number, .request = &request};
    outgoing_group_event(&world->group, &one);
}

/* The last answer that the guest was given. */
static const struct fake_answer *answer(void)
{
    assert_true(fake.answer_count > 0);
    return &fake.answers[(fake.answer_count - 1) % 64];
}

static void assert_failed(uint64_t number, const char *name)
{
    assert_string_equal(answer()->what, "fail");
    assert_int_equal(answer()->outgoing, number);
    assert_string_equal(answer()->text, name);
}

static void test_there_and_back(void **state)
{
    (void)state;
    struct outgoing_world world;
    begin(&world);
    request(&world, 7, "Example.com:8443");
    struct client_request *sent = fake_clients.last;
    assert_string_equal(sent->client->options.certificates, "trusted.pem");
    assert_non_null(sent);
    assert_string_equal(sent->method, "POST");
    assert_string_equal(sent->url, "https://Example.com:8443/a?b");
    assert_true(sent->options.has_body);
    assert_int_equal(sent->options.body_bytes, UINT64_MAX);
    assert_int_equal(sent->options.connect_timeout_ns, 1);
    assert_int_equal(sent->options.first_byte_timeout_ns, 2);
    assert_int_equal(sent->options.between_bytes_timeout_ns, UINT64_MAX);
    assert_int_equal(sent->client->options.response_header_bytes_max, 131072);

    event(&world, FN0_EVENT_OUTGOING_BODY, 7, "abc");
    assert_memory_equal(sent->body, "abc", 3);
    sent->events->sent(sent->context, 3);
    assert_string_equal(answer()->what, "window");
    assert_int_equal(answer()->number, 3);
    event(&world, FN0_EVENT_OUTGOING_BODY_END, 7, "");
    assert_true(sent->body_ended);

    sent->events->response(sent->context, 201, NULL, 0);
    assert_string_equal(answer()->what, "head");
    assert_int_equal(answer()->number, 201);
    sent->events->body(sent->context, SLICE("hello"));
    assert_string_equal(answer()->what, "body");
    assert_string_equal(answer()->text, "hello");
    event(&world, FN0_EVENT_OUTGOING_CONSUMED, 7, "hello");
    assert_int_equal(sent->consumed, 5);
    fake_client_end(sent);
    assert_string_equal(answer()->what, "end");

    /* What comes after the end is let pass. */
    size_t answers = fake.answer_count;
    event(&world, FN0_EVENT_OUTGOING_CONSUMED, 7, "hello");
    event(&world, FN0_EVENT_OUTGOING_BODY, 7, "late");
    event(&world, FN0_EVENT_OUTGOING_DROPPED, 7, "");
    event(&world, FN0_EVENT_OUTGOING_DROPPED, 7, "");
    assert_int_equal(fake.answer_count, answers);
    assert_true(list_empty(&world.group.requests));
    end(&world);
}

static void test_the_number_at_its_edge(void **state)
{
    (void)state;
    struct outgoing_world world;
    begin(&world);
    for (uint64_t number = 1; number <= 50; number++) {
        request(&world, number, "example.com");
        assert_int_equal(fake_clients.requests_alive, number);
    }
    assert_int_equal(fake.answer_count, 0);
    request(&world, 51, "example.com");
    assert_int_equal(fake_clients.requests_alive, 50);
    assert_failed(51, "HTTP-request-denied");
    assert_int_equal(world.group.made, 51);
    /* It counts what was made, not what is open. */
    outgoing_group_cancel(&world.group);
    request(&world, 52, "example.com");
    assert_failed(52, "HTTP-request-denied");
    end(&world);
}

static void test_without_a_limit(void **state)
{
    (void)state;
    struct outgoing_world world;
    begin(&world);
    world.version.configuration.limits.value[LIMIT_OUTGOING_REQUESTS] = LIMIT_NONE;
    for (uint64_t number = 1; number <= 100; number++)
        request(&world, number, "example.com");
    assert_int_equal(fake.answer_count, 0);
    end(&world);
}

static void test_which_hosts_a_function_may_call(void **state)
{
    (void)state;
    static const char *hosts[] = {"api.example.com", "other.example.com:8443", "[::1]",
                                  "192.0.2.1"};
    static const struct {
        const char *authority;
        bool allowed;
    } rows[] = {
        {"api.example.com", true},
        {"API.Example.COM", true},
        {"api.example.com:80", true},
        {"api.example.com:8443", true},
        {"api.example.com.", true},
        {"api.example.com.:443", true},
        {"xapi.example.com", false},
        {"api.example.com.evil.com", false},
        {"example.com", false},
        {"other.example.com", false},
        {"other.example.com:8443", true},
        {"other.example.com:8444", false},
        {"[::1]", true},
        {"[::1]:80", true},
        {"[::2]", false},
        {"192.0.2.1:9", true},
        {"192.0.2.2", false},
        {"", false},
        {".", false},
        {":80", false},
    };
    struct function_configuration configuration = {.outbound_hosts = {.items = hosts, .count = 4},
                                                   .outbound_hosts_set = true};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        bool allowed = outgoing_host_allowed(&configuration, slice_of(rows[i].authority));
        if (allowed != rows[i].allowed)
            fail_msg("%s: %d", rows[i].authority, allowed);
    }
    configuration.outbound_hosts.count = 0; /* an empty list: none */
    assert_false(outgoing_host_allowed(&configuration, SLICE("api.example.com")));
    configuration.outbound_hosts_set = false;
    assert_true(outgoing_host_allowed(&configuration, SLICE("anything")));
}

static void test_authorities_that_two_readers_could_read_differently(void **state)
{
    (void)state;
    static const char *const valid[] = {"a",         "a.b:80",           "[::1]:80",
                                        "127.0.0.1", "xn--bcher-kva.de", "under_score.example"};
    static const char *const invalid[] = {
        "",     "user@a", "a@b@c", "a/b",      "a\\b",  "a?b", "a#b", "a b",
        "a\tb", "a\nb",   "a%2fb", "\xc3\xa4", "a\x7f", "<a>", "a|b", "good.com#@evil.com"};
    for (size_t i = 0; i < sizeof valid / sizeof *valid; i++)
        assert_true(outgoing_authority_valid(slice_of(valid[i])));
    for (size_t i = 0; i < sizeof invalid / sizeof *invalid; i++) {
        if (outgoing_authority_valid(slice_of(invalid[i])))
            fail_msg("%s is not valid", invalid[i]);
    }
    assert_false(outgoing_authority_valid((struct slice){"a\0b", 3}));
}

static void test_refused_ones_reach_no_client(void **state)
{
    (void)state;
    struct outgoing_world world;
    static const char *hosts[] = {"api.example.com"};
    begin(&world);
    request(&world, 1, "");
    assert_failed(1, "HTTP-request-URI-invalid");
    request(&world, 2, "a@b");
    assert_failed(2, "HTTP-request-URI-invalid");
    world.version.configuration.outbound_hosts_set = true;
    world.version.configuration.outbound_hosts = (struct texts){.items = hosts, .count = 1};
    request(&world, 3, "example.com");
    assert_failed(3, "HTTP-request-denied");
    assert_int_equal(fake_clients.alive, 0);
    request(&world, 4, "api.example.com");
    assert_int_equal(fake_clients.requests_alive, 1);
    end(&world);
}

static void test_failures_have_the_names_of_wasi_http(void **state)
{
    (void)state;
    static const struct {
        enum client_failure failure;
        const char *name;
    } rows[] = {
        {CLIENT_ADDRESS_PROHIBITED, "destination-IP-prohibited"},
        {CLIENT_CONNECTION_REFUSED, "connection-refused"},
        {CLIENT_RESPONSE_TIMEOUT, "HTTP-response-timeout"},
        {CLIENT_TLS_CERTIFICATE, "TLS-certificate-error"},
        {CLIENT_DNS_ERROR, "DNS-error"},
        {CLIENT_INTERNAL, "internal-error"},
    };
    struct outgoing_world world;
    begin(&world);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        request(&world, i, "example.com");
        fake_client_fail(fake_clients.last, rows[i].failure);
        assert_failed(i, rows[i].name);
        event(&world, FN0_EVENT_OUTGOING_DROPPED, i, "");
    }
    end(&world);
}

static void test_the_client_refuses(void **state)
{
    (void)state;
    struct outgoing_world world;
    begin(&world);
    fake_clients.start_code = ERROR_INVALID_ARGUMENT;
    request(&world, 1, "example.com");
    assert_failed(1, "HTTP-request-method-invalid");
    fake_clients.start_code = ERROR_FULL;
    request(&world, 9, "example.com");
    assert_failed(9, "HTTP-request-header-section-size");
    fake_clients.start_code = ERROR_OUT_OF_MEMORY;
    request(&world, 2, "example.com");
    assert_failed(2, "internal-error");
    fake_clients.start_code = 0;
    request(&world, 3, "example.com");
    fake_clients.write_code = ERROR_OUT_OF_MEMORY;
    event(&world, FN0_EVENT_OUTGOING_BODY, 3, "abc");
    assert_failed(3, "internal-error");
    assert_int_equal(fake_clients.requests_alive, 0);
    end(&world);
}

static void test_the_guest_gives_up(void **state)
{
    (void)state;
    struct outgoing_world world;
    begin(&world);
    request(&world, 1, "example.com");
    event(&world, FN0_EVENT_OUTGOING_BODY_CUT, 1, "");
    assert_int_equal(fake_clients.cancelled, 1);
    assert_failed(1, "HTTP-protocol-error");
    request(&world, 2, "example.com");
    size_t answers = fake.answer_count;
    event(&world, FN0_EVENT_OUTGOING_DROPPED, 2, "");
    assert_int_equal(fake_clients.cancelled, 2);
    assert_int_equal(fake.answer_count, answers);
    /* The end of the call ends the rest. */
    request(&world, 3, "example.com");
    outgoing_group_cancel(&world.group);
    assert_int_equal(fake_clients.cancelled, 3);
    assert_int_equal(fake.answer_count, answers);
    end(&world);
}

static void test_accounts_share_no_client_and_idle_ones_go(void **state)
{
    (void)state;
    struct outgoing_world world;
    begin(&world);
    assert_int_equal(fake_clients.alive, 0); /* made on first use */
    request(&world, 1, "example.com");
    request(&world, 2, "example.com");
    assert_int_equal(fake_clients.alive, 1);
    struct client *client = fake_clients.last->client;
    outgoing_group_cancel(&world.group);

    struct test_version other = world.version;
    other.version.account = "other";
    outgoing_group_init(&world.group, world.clients, &other.version, NULL);
    request(&world, 3, "example.com");
    assert_int_equal(fake_clients.alive, 2);
    assert_ptr_not_equal(fake_clients.last->client, client);
    fake_sleep(89 * SECOND);
    loop_run_once(world.loop, 0);
    assert_int_equal(fake_clients.alive, 2);
    fake_sleep(2 * SECOND);
    loop_run_once(world.loop, 0);
    loop_run_once(world.loop, 0);
    /* The first account's was idle; the other has a request. */
    assert_int_equal(fake_clients.alive, 1);
    assert_int_equal(outgoing_clients_count(world.clients), 1);
    fake_client_end(fake_clients.last);
    request(&world, 4, "example.com");
    assert_int_equal(fake_clients.alive, 1);
    end(&world);
}

static void test_a_bad_exception_is_an_error(void **state)
{
    (void)state;
    struct outgoing_world world;
    struct error error;
    struct outgoing_clients *clients;
    static const char *allow[] = {"10.0.0.0/8", "127.0.0.1:9000", "nonsense"};
    begin(&world);
    world.configuration.outbound_allow = (struct texts){.items = allow, .count = 3};
    assert_int_equal(
        outgoing_clients_create(world.loop, &world.configuration, NULL, &clients, &error),
        ERROR_CONFIGURATION);
    assert_non_null(strstr(error.message, "outbound.allow"));
    end(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_there_and_back),
        cmocka_unit_test(test_the_number_at_its_edge),
        cmocka_unit_test(test_without_a_limit),
        cmocka_unit_test(test_which_hosts_a_function_may_call),
        cmocka_unit_test(test_authorities_that_two_readers_could_read_differently),
        cmocka_unit_test(test_refused_ones_reach_no_client),
        cmocka_unit_test(test_failures_have_the_names_of_wasi_http),
        cmocka_unit_test(test_the_client_refuses),
        cmocka_unit_test(test_the_guest_gives_up),
        cmocka_unit_test(test_accounts_share_no_client_and_idle_ones_go),
        cmocka_unit_test(test_a_bad_exception_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
