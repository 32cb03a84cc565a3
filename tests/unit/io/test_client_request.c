/* SPDX-License-Identifier: AGPL-3.0-only */

#include "io/client_request.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "../lib/client_fixture.h"
#include "tables/errors.h"

/* ---- What goes wrong
 * ----------------------------------------------------------------------------- */

static void a_closed_port_refuses(void **state)
{
    struct fixture *fixture = *state;
    struct exchange exchange;
    start_peer(fixture, answer_text, HELLO);
    peer_stop(&fixture->peer);
    fixture->peer_runs = false;
    make_client(fixture, NULL);
    exchange_whole(fixture, &exchange, &(struct wanted){0});
    assert_string_equal(exchange.events, "f");
    assert_failed(&exchange, CLIENT_CONNECTION_REFUSED);
}

/* A listener whose backlog is full takes no more connections, and says nothing. */
static void connecting_has_a_timeout(void **state)
{
    struct fixture *fixture = *state;
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t bytes = sizeof(name);
    int listener = socket(AF_INET, SOCK_STREAM, 0), fillers[4];
    assert_int_equal(bind(listener, (struct sockaddr *)&name, sizeof(name)), 0);
    assert_int_equal(listen(listener, 0), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&name, &bytes), 0);
    for (int i = 0; i < 4; i++) {
        fillers[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        connect(fillers[i], (struct sockaddr *)&name, sizeof(name));
    }
    usleep(20000);
    make_client(fixture, NULL);
    struct exchange exchange;
    char url[100];
    snprintf(url, sizeof(url), "http://127.0.0.1:%u/", ntohs(name.sin_port));
    uint64_t begin_ns = clock_monotonic_ns(clock_system());
    exchange_whole(fixture, &exchange,
                   &(struct wanted){.url = url, .connect_timeout_ns = 100 * MILLISECOND});
    uint64_t took_ns = clock_monotonic_ns(clock_system()) - begin_ns;
    assert_failed(&exchange, CLIENT_CONNECTION_TIMEOUT);
    assert_true(took_ns >= 100 * MILLISECOND && took_ns < 10000 * MILLISECOND);
    for (int i = 0; i < 4; i++)
        close(fillers[i]);
    close(listener);
}

static void a_response_has_timeouts(void **state)
{
    struct fixture *fixture = *state;
    struct exchange exchange;
    make_client(fixture, NULL);
    start_peer(fixture, read_only, NULL);
    exchange_whole(fixture, &exchange, &(struct wanted){.first_byte_timeout_ns = 50 * MILLISECOND});
    assert_string_equal(exchange.events, "f");
    assert_failed(&exchange, CLIENT_RESPONSE_TIMEOUT);
    start_peer(fixture, read_nothing, NULL);
    exchange_whole(fixture, &exchange,
                   &(struct wanted){.method = "POST",
                                    .has_body = true,
                                    .body_bytes = 64 * MEBIBYTE,
                                    .first_byte_timeout_ns = 50 * MILLISECOND});
    assert_failed(&exchange, CLIENT_WRITE_TIMEOUT);
}

/* Interim heads and bytes of a head are no first byte of a response. */
static void drip_a_head(struct peer_connection *connection)
{
    peer_read_head(connection);
    for (int i = 0; i < 1000; i++) {
        if (!peer_print(connection, "HTTP/1.1 102 Processing\r\n"))
            return;
        usleep(10000);
        if (!peer_print(connection, "\r\n"))
            return;
    }
}

static void stop_in_the_body(struct peer_connection *connection)
{
    peer_read_head(connection);
    peer_print(connection, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n");
    for (int i = 0; i < 5; i++) {
        peer_print(connection, "x");
        usleep(100000);
    }
    read_only(connection);
}

static void bytes_have_a_timeout_between_them(void **state)
{
    struct fixture *fixture = *state;
    struct exchange exchange;
    make_client(fixture, NULL);
    start_peer(fixture, stop_in_the_body, NULL);
    exchange_whole(fixture, &exchange,
                   &(struct wanted){.between_bytes_timeout_ns = 400 * MILLISECOND});
    assert_string_equal(exchange.events, "rbf");
    assert_int_equal(exchange.body_bytes,
                     5); /* slower than the timeout in all, never between two */
    assert_failed(&exchange, CLIENT_READ_TIMEOUT);
    start_peer(fixture, drip_a_head, NULL);
    exchange_whole(fixture, &exchange,
                   &(struct wanted){.first_byte_timeout_ns = 100 * MILLISECOND});
    assert_string_equal(exchange.events, "f");
    assert_failed(&exchange, CLIENT_RESPONSE_TIMEOUT);
}

static void send_context_and_reset(struct peer_connection *connection)
{
    peer_read_head(connection);
    peer_print(connection, "%s", (const char *)connection->peer->context);
    usleep(200000); /* so that what was sent is read before the reset */
    peer_reset(connection);
}

static void what_is_no_response_fails(void **state)
{
    struct fixture *fixture = *state;
    static char many_fields[200000];
    strcpy(many_fields, "HTTP/1.1 200 OK\r\n");
    for (int i = 0; i < 10000; i++)
        strcat(many_fields + i * 14, "X-Y: 9876543\r\n");
    static char long_line[150000];
    memset(long_line, 'x', sizeof(long_line) - 1);
    memcpy(long_line, "HTTP/1.1 200 OK\r\nX: ", 20);
    static const struct {
        const char *text;
        bool resets;
        const char *events;
        enum client_failure failure;
    } rows[] = {
        {"", false, "f", CLIENT_CONNECTION_TERMINATED},
        {"", true, "f", CLIENT_CONNECTION_TERMINATED},
        {"HTTP/1.1 200 OK\r\nConte", true, "f", CLIENT_CONNECTION_TERMINATED},
        {"HTTP/1.1 100 Continue\r\n\r\n", false, "f", CLIENT_CONNECTION_TERMINATED},
        {"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello", false, "rbf",
         CLIENT_RESPONSE_INCOMPLETE},
        {"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello", true, "rbf",
         CLIENT_CONNECTION_TERMINATED},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", false, "rbf",
         CLIENT_RESPONSE_INCOMPLETE},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nxyz\r\n", false, "rbf",
         CLIENT_CONNECTION_TERMINATED},
        {"SSH-2.0-server\r\n", false, "f", CLIENT_PROTOCOL_ERROR},
        {"HTTP/2 200\r\n\r\n", false, "f", CLIENT_PROTOCOL_ERROR},
        {"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n", false, "f",
         CLIENT_PROTOCOL_ERROR},
        {"HTTP/1.1 200 OK\r\nno colon\r\n\r\n", false, "f", CLIENT_PROTOCOL_ERROR},
        {"HTTP/1.1 200 OK\r\nA: \x01\r\n\r\n", false, "f", CLIENT_PROTOCOL_ERROR},
        {"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", false, "f",
         CLIENT_PROTOCOL_ERROR},
        {many_fields, false, "f", CLIENT_RESPONSE_HEADER_SIZE},
        {long_line, false, "f", CLIENT_RESPONSE_HEADER_SIZE},
    };
    make_client(fixture, NULL);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct exchange exchange;
        start_peer(fixture, rows[i].resets ? send_context_and_reset : send_context_and_end,
                   rows[i].text);
        exchange_whole(fixture, &exchange, &(struct wanted){0});
        if (strcmp(exchange.events, rows[i].events) != 0 || exchange.failure != rows[i].failure)
            fail_msg("%.60s: %s %s (%s)", rows[i].text, exchange.events,
                     client_failure_name(exchange.failure), exchange.detail);
    }
}

static void what_servers_may_do_is_fine(void **state)
{
    struct fixture *fixture = *state;
    static const struct {
        const char *text;
        const char *events;
        uint32_t status;
        const char *body;
        const char *fields;
    } rows[] = {
        {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" HELLO, "rbe",
         200, "hello", "content-length: 5\nx-a: b\n"},
        {"HTTP/1.0 200 OK\r\n\r\nuntil the end", "rbe", 200, "until the end", ""},
        {"HTTP/1.1 200 OK\r\n\r\nuntil the end", "rbe", 200, "until the end", ""},
        {"HTTP/1.1 204 No Content\r\nA: b\r\n\r\n", "re", 204, "", "a: b\n"},
        {"HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", "re", 304, "",
         "content-length: 9\n"},
        {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "re", 200, "", "content-length: 0\n"},
        {"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 2\r\n\r\nno",
         "rbe", 302, "no", "location: http://127.0.0.1:1/\ncontent-length: 2\n"},
        {"HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n", "re",
         401, "", "www-authenticate: Basic\ncontent-length: 0\n"},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Encoding: gzip\r\n"
         "Set-Cookie: a\r\nSet-Cookie: b\r\n\r\n3;x=y\r\nabc\r\n0\r\nX-T: 1\r\n\r\n",
         "rbe", 200, "abc", "content-encoding: gzip\nset-cookie: a\nset-cookie: b\n"},
    };
    make_client(fixture, NULL);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct exchange exchange;
        start_peer(fixture, send_context_and_end, rows[i].text);
        exchange_whole(fixture, &exchange, &(struct wanted){0});
        if (exchange.failure || strcmp(exchange.events, rows[i].events) != 0)
            fail_msg("%.60s: %s %s", rows[i].text, exchange.events, exchange.detail);
        assert_int_equal(exchange.status, rows[i].status);
        assert_string_equal(exchange.text, rows[i].body);
        assert_string_equal(exchange.fields, rows[i].fields);
    }
}

static void a_response_head_has_a_maximum(void **state)
{
    struct fixture *fixture = *state;
    struct exchange exchange;
    start_peer(fixture, answer_text, HELLO);
    make_client(fixture, &(struct client_options){.response_header_bytes_max = sizeof(HELLO) - 6});
    exchange_whole(fixture, &exchange, &(struct wanted){0});
    assert_string_equal(exchange.events, "rbe");
    close_client(fixture);
    make_client(fixture, &(struct client_options){.response_header_bytes_max = sizeof(HELLO) - 7});
    exchange_whole(fixture, &exchange, &(struct wanted){0});
    assert_failed(&exchange, CLIENT_RESPONSE_HEADER_SIZE);
}

/* ---- Answers before the request is whole
 * --------------------------------------------------------- */

/* Answers by the context when the head is there, and reads the rest. */
static void answer_early(struct peer_connection *connection)
{
    const char *text = connection->peer->context;
    while (peer_read_head(connection)) {
        peer_send(connection, text, strlen(text));
        if (read_body(connection, NULL, NULL) < 0)
            return;
    }
}

static void an_early_answer_is_told(void **state)
{
    struct fixture *fixture = *state;
    static const char *const texts[] = {
        "HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno",
        "HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno",
        "HTTP/1.1 413 Too Large\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nno\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nno",
    };
    make_client(fixture, NULL);
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct exchange exchange = {0};
        start_peer(fixture, answer_early, texts[i]);
        /* The caller has begun to write, and waits for the response before it goes on. */
        start(fixture, &exchange, &(struct wanted){.method = "POST", .has_body = true});
        exchange.written = 3;
        assert_int_equal(client_request_write(exchange.request, SLICE("abc")), 0);
        run_until_over(&exchange);
        if (exchange.failure)
            fail_msg("%s: %s", texts[i], exchange.detail);
        assert_string_equal(exchange.text, "no");
    }
}

/* Answers an error and reads nothing of the body. */
static void refuse_and_wait(struct peer_connection *connection)
{
    peer_read_head(connection);
    peer_print(connection, "HTTP/1.1 413 Too Large\r\nContent-Length: 1000\r\n\r\nno");
    read_nothing(connection);
}

static void what_nobody_reads_counts_as_sent(void **state)
{
    struct fixture *fixture = *state;
    struct exchange exchange = {0};
    start_peer(fixture, refuse_and_wait, NULL);
    make_client(fixture, NULL);
    start(fixture, &exchange,
          &(struct wanted){.method = "POST", .has_body = true, .body_bytes = 64 * MEBIBYTE});
    for (int i = 0; i < 1000 && exchange.sent_bytes < 64 * MEBIBYTE; i++)
        run_for(fixture, 10 * MILLISECOND);
    assert_int_equal(exchange.sent_bytes, 64 * MEBIBYTE);
    assert_int_equal(exchange.status, 413);
    client_request_cancel(exchange.request);
}

static void an_early_answer_does_not_cut_what_is_being_sent(void **state)
{
    struct fixture *fixture = *state;
    struct exchange exchange = {0};
    start_peer(fixture, answer_early,
               "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
               "2\r\nok\r\n0\r\n\r\n");
    make_client(fixture, NULL);
    start(fixture, &exchange,
          &(struct wanted){.method = "POST", .has_body = true, .body_bytes = 4 * MEBIBYTE});
    run_until_over(&exchange);
    assert_int_equal(exchange.failure, 0);
    assert_int_equal(exchange.sent_bytes, 4 * MEBIBYTE);
    assert_string_equal(exchange.text, "ok");
}

/* ---- Cancelling
 * ---------------------------------------------------------------------------------- */

static void requests_are_cancelled_at_each_stage(void **state)
{
    struct fixture *fixture = *state;
    const struct wanted wanted = {.method = "POST", .has_body = true, .body_bytes = MEBIBYTE};
    start_peer(fixture, echo, NULL);
    make_client(fixture, NULL);
    /* Before the loop has turned, and after each of its first turns. */
    for (int turns = 0; turns < 12; turns++) {
        struct exchange exchange = {0};
        start(fixture, &exchange, &wanted);
        for (int i = 0; i < turns; i++)
            loop_run_once(fixture->loop, 1);
        if (exchange.request)
            client_request_cancel(exchange.request);
        char before[64];
        strcpy(before, exchange.events);
        run_for(fixture, 5 * MILLISECOND);
        assert_string_equal(exchange.events, before);
    }
    /* While a name is resolved. */
    struct exchange resolving = {0};
    start(fixture, &resolving, &(struct wanted){.url = "http://localhost:1/"});
    loop_run_once(fixture->loop, 0);
    if (resolving.request)
        client_request_cancel(resolving.request);
    /* From within each event, the last ones included. */
    for (const char *event = "rbse"; *event; event++) {
        struct exchange exchange = {.cancels_at = *event};
        start(fixture, &exchange, &wanted);
        run_until_over(&exchange);
        assert_int_equal(exchange.events[strlen(exchange.events) - 1], *event);
        run_for(fixture, 5 * MILLISECOND);
        assert_int_equal(exchange.events[strlen(exchange.events) - 1], *event);
    }
    struct exchange failing = {.cancels_at = 'f'};
    start(fixture, &failing, &(struct wanted){.url = "http://127.0.0.1:1/"});
    run_until_over(&failing);
    assert_int_equal(client_requests(fixture->client), 0);
    /* The client still works. */
    struct exchange last;
    exchange_whole(fixture, &last, &wanted);
    assert_int_equal(last.body_bytes, MEBIBYTE);
}

static void a_paused_request_is_cancelled(void **state)
{
    struct fixture *fixture = *state;
    struct exchange exchange = {.holds = true};
    start_peer(fixture, send_much, NULL);
    make_client(fixture, NULL);
    start(fixture, &exchange, &(struct wanted){0});
    run_for(fixture, 50 * MILLISECOND);
    assert_string_equal(exchange.events, "rb");
    client_request_cancel(exchange.request);
    run_until_counted(fixture, &fixture->peer.open, 0);
}

static void closing_ends_all_requests(void **state)
{
    struct fixture *fixture = *state;
    struct exchange exchanges[5] = {0};
    start_peer(fixture, read_only, NULL);
    make_client(fixture, NULL);
    for (int i = 0; i < 5; i++) {
        start(fixture, &exchanges[i], &(struct wanted){0});
        if (i == 3)
            run_for(fixture, 20 * MILLISECOND);
    }
    client_close(fixture->client, on_client_closed, fixture);
    assert_false(fixture->closed); /* not from within */
    run_until_closed(fixture);
    for (int i = 0; i < 5; i++)
        assert_string_equal(exchanges[i].events, "");
}

static void a_client_is_closed_from_within_events(void **state)
{
    struct fixture *fixture = *state;
    start_peer(fixture, echo, NULL);
    for (const char *event = "rbse"; *event; event++) {
        struct exchange other = {0}, exchange = {.closes_at = *event};
        make_client(fixture, NULL);
        fixture->closed = false;
        start(fixture, &exchange,
              &(struct wanted){.method = "POST", .has_body = true, .body_bytes = MEBIBYTE});
        start(fixture, &other, &(struct wanted){.method = "POST", .has_body = true});
        run_until_over(&exchange);
        assert_int_equal(exchange.events[strlen(exchange.events) - 1], *event);
        run_until_closed(fixture);
        assert_null(strchr(other.events, 'f'));
    }
}

static void an_unused_client_is_closed(void **state)
{
    struct fixture *fixture = *state;
    make_client(fixture, NULL);
    close_client(fixture);
}

/* ---- TLS
 * ----------------------------------------------------------------------------------------- */

struct certificate {
    EVP_PKEY *key;
    X509 *x509;
    SSL_CTX *context;
    char folder[64];
    char path[128]; /* as PEM, in the folder */
    char link[128]; /* to it, named after its hash */
};

/* Makes a certificate that signs itself, for 127.0.0.1 and for "localhost". */
static void certificate_make(struct certificate *certificate, const char *names)
{
    certificate->key = EVP_EC_gen("P-256");
    certificate->x509 = X509_new();
    assert_non_null(certificate->key);
    assert_non_null(certificate->x509);
    X509 *x509 = certificate->x509;
    X509_set_version(x509, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(x509), 1);
    X509_gmtime_adj(X509_getm_notBefore(x509), -3600);
    X509_gmtime_adj(X509_getm_notAfter(x509), 3600);
    X509_set_pubkey(x509, certificate->key);
    X509_NAME *name = X509_get_subject_name(x509);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"test", -1, -1, 0);
    X509_set_issuer_name(x509, name);
    X509_EXTENSION *extension =
        X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, (char *)names);
    assert_non_null(extension);
    X509_add_ext(x509, extension, -1);
    X509_EXTENSION_free(extension);
    assert_true(X509_sign(x509, certificate->key, EVP_sha256()) > 0);
    certificate->context = SSL_CTX_new(TLS_server_method());
    assert_int_equal(SSL_CTX_use_certificate(certificate->context, x509), 1);
    assert_int_equal(SSL_CTX_use_PrivateKey(certificate->context, certificate->key), 1);
    snprintf(certificate->folder, sizeof(certificate->folder), "/tmp/fn0-test-client-XXXXXX");
    assert_non_null(mkdtemp(certificate->folder));
    snprintf(certificate->path, sizeof(certificate->path), "%s/test.pem", certificate->folder);
    snprintf(certificate->link, sizeof(certificate->link), "%s/%08lx.0", certificate->folder,
             X509_NAME_hash_ex(name, NULL, NULL, NULL));
    FILE *file = fopen(certificate->path, "w");
    assert_non_null(file);
    assert_int_equal(PEM_write_X509(file, x509), 1);
    fclose(file);
    assert_int_equal(symlink("test.pem", certificate->link), 0);
}

static void certificate_free(struct certificate *certificate)
{
    unlink(certificate->link);
    unlink(certificate->path);
    rmdir(certificate->folder);
    SSL_CTX_free(certificate->context);
    X509_free(certificate->x509);
    EVP_PKEY_free(certificate->key);
}

static void tls_is_verified(void **state)
{
    struct fixture *fixture = *state;
    struct certificate certificate;
    struct exchange exchange;
    char url[100];
    certificate_make(&certificate, "IP:127.0.0.1");
    peer_start(&fixture->peer, echo, NULL, certificate.context);
    fixture->peer_runs = true;
    snprintf(url, sizeof(url), "https://127.0.0.1:%u/", fixture->peer.port);
    const struct wanted wanted = {
        .url = url, .method = "POST", .has_body = true, .body_bytes = MEBIBYTE};
    /* The system does not know who signed it. */
    make_client(fixture, NULL);
    exchange_whole(fixture, &exchange, &wanted);
    assert_failed(&exchange, CLIENT_TLS_CERTIFICATE);
    assert_int_equal(atomic_load(&fixture->peer.requests), 0);
    close_client(fixture);
    /* Nor does it mind the environment, which is read at the top. */
    setenv("SSL_CERT_FILE", certificate.path, 1);
    make_client(fixture, NULL);
    exchange_whole(fixture, &exchange, &wanted);
    assert_failed(&exchange, CLIENT_TLS_CERTIFICATE);
    close_client(fixture);
    unsetenv("SSL_CERT_FILE");
    /* Trusted, by a file and by a folder; and the connection is kept. */
    const char *const places[] = {certificate.path, certificate.folder};
    for (int place = 0; place < 2; place++) {
        make_client(fixture, &(struct client_options){.certificates = places[place]});
        unsigned before = atomic_load(&fixture->peer.connections);
        for (int i = 0; i < 2; i++) {
            exchange_whole(fixture, &exchange, &wanted);
            assert_int_equal(exchange.failure, 0);
            assert_int_equal(exchange.body_bytes, MEBIBYTE);
            assert_int_equal(exchange.pattern_errors, 0);
        }
        assert_int_equal(atomic_load(&fixture->peer.connections), before + 1);
        close_client(fixture);
    }
    /* Trusted, but for another host. */
    make_client(fixture, &(struct client_options){.certificates = certificate.folder});
    snprintf(url, sizeof(url), "https://localhost:%u/", fixture->peer.port);
    exchange_whole(fixture, &exchange, &wanted);
    assert_failed(&exchange, CLIENT_TLS_CERTIFICATE);
    certificate_free(&certificate);
}

static void talk_at_once(struct peer_connection *connection)
{
    peer_print(connection, HELLO);
    read_only(connection);
}

static void what_is_no_tls_fails(void **state)
{
    struct fixture *fixture = *state;
    struct exchange exchange;
    char url[100];
    make_client(fixture, NULL);
    start_peer(fixture, talk_at_once, NULL);
    snprintf(url, sizeof(url), "https://127.0.0.1:%u/", fixture->peer.port);
    exchange_whole(fixture, &exchange, &(struct wanted){.url = url});
    assert_failed(&exchange, CLIENT_TLS_PROTOCOL);
    /* Nothing is answered to the greeting. */
    start_peer(fixture, read_only, NULL);
    snprintf(url, sizeof(url), "https://127.0.0.1:%u/", fixture->peer.port);
    exchange_whole(fixture, &exchange,
                   &(struct wanted){.url = url, .connect_timeout_ns = 50 * MILLISECOND});
    assert_failed(&exchange, CLIENT_CONNECTION_TIMEOUT);
}

static void names_of_failures_are_those_of_wasi(void **state)
{
    (void)state;
    assert_string_equal(client_failure_name(CLIENT_DNS_TIMEOUT), "DNS-timeout");
    assert_string_equal(client_failure_name(CLIENT_ADDRESS_PROHIBITED),
                        "destination-IP-prohibited");
    assert_string_equal(client_failure_name(CLIENT_INTERNAL), "internal-error");
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
#define WITH_CLIENT(test) cmocka_unit_test_setup_teardown(test, client_set_up, client_tear_down)
    const struct CMUnitTest tests[] = {
        WITH_CLIENT(a_closed_port_refuses),
        WITH_CLIENT(connecting_has_a_timeout),
        WITH_CLIENT(a_response_has_timeouts),
        WITH_CLIENT(bytes_have_a_timeout_between_them),
        WITH_CLIENT(what_is_no_response_fails),
        WITH_CLIENT(what_servers_may_do_is_fine),
        WITH_CLIENT(a_response_head_has_a_maximum),
        WITH_CLIENT(an_early_answer_is_told),
        WITH_CLIENT(what_nobody_reads_counts_as_sent),
        WITH_CLIENT(an_early_answer_does_not_cut_what_is_being_sent),
        WITH_CLIENT(requests_are_cancelled_at_each_stage),
        WITH_CLIENT(a_paused_request_is_cancelled),
        WITH_CLIENT(closing_ends_all_requests),
        WITH_CLIENT(a_client_is_closed_from_within_events),
        WITH_CLIENT(an_unused_client_is_closed),
        WITH_CLIENT(tls_is_verified),
        WITH_CLIENT(what_is_no_tls_fails),
        cmocka_unit_test(names_of_failures_are_those_of_wasi),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
