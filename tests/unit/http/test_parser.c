/* SPDX-License-Identifier: AGPL-3.0-only */

#include "http/parser.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "transcript.h"

#define HEAD_BYTES_MAX 131072

static size_t cut_at(void *context, size_t left)
{
    size_t *bytes = context;
    return *bytes < left ? *bytes : left;
}

/* Compares the transcript of `input` with what is expected, whole and cut into pieces of every
 * length. */
static void expect(struct slice input, const char *expected)
{
    for (size_t bytes = 1; bytes <= input.bytes + 1; bytes++) {
        size_t piece = bytes;
        char *text = transcript_make(input, HEAD_BYTES_MAX, cut_at, &piece);
        if (strcmp(text, expected) != 0)
            print_message("in pieces of %zu: %.*s\n", bytes, (int)input.bytes, input.data);
        assert_string_equal(text, expected);
        free(text);
    }
}

#define EXPECT(literal, expected) expect(SLICE(literal), expected)

static void takes_ordinary_requests(void **state)
{
    (void)state;
    EXPECT("GET /a?b=c HTTP/1.1\r\nHost: example.com\r\nX-One:  two  \r\nEmpty:\r\n\r\n",
           "GET /a?b=c 1.1 @example.com length=0 head=65\nfield x-one=two\nfield empty=\nend\n");
    EXPECT("POST / HTTP/1.1\r\nhost: h:80\r\nContent-Length: 5\r\n\r\nhello",
           "POST / 1.1 @h:80 length=5 head=50\nbody hello\nend\n");
    EXPECT("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n",
           "POST / 1.1 @h length=0 head=47\nend\n");
    EXPECT("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 0005\r\n\r\nhello",
           "POST / 1.1 @h length=5 head=50\nbody hello\nend\n");
    EXPECT("GET / HTTP/1.1\r\nHost: h\r\nX: \tob\xffs\t \r\n\r\n",
           "GET / 1.1 @h length=0 head=39\nfield x=ob\xffs\nend\n");
    EXPECT("GET /\"<>{}|\\^`~!*'();:@&=+$,%zz[] HTTP/1.1\r\nHost: h\r\n\r\n",
           "GET /\"<>{}|\\^`~!*'();:@&=+$,%zz[] 1.1 @h length=0 head=55\nend\n");
}

static void takes_any_method(void **state)
{
    (void)state;
    EXPECT("PROPFIND / HTTP/1.1\r\nHost: h\r\n\r\n", "PROPFIND / 1.1 @h length=0 head=32\nend\n");
    EXPECT("get / HTTP/1.1\r\nHost: h\r\n\r\n", "get / 1.1 @h length=0 head=27\nend\n");
    EXPECT("A!#$%&'*+-.^_`|~9 / HTTP/1.1\r\nHost: h\r\n\r\n",
           "A!#$%&'*+-.^_`|~9 / 1.1 @h length=0 head=41\nend\n");
    EXPECT("SOURCE / HTTP/1.1\r\nHost: h\r\n\r\n", "SOURCE / 1.1 @h length=0 head=30\nend\n");
    EXPECT("ABCDEFGHIJKLMNOPQRSTUVWXYZ789012 / HTTP/1.1\r\nHost: h\r\n\r\n",
           "ABCDEFGHIJKLMNOPQRSTUVWXYZ789012 / 1.1 @h length=0 head=56\nend\n");
    EXPECT("ABCDEFGHIJKLMNOPQRSTUVWXYZ7890123 / HTTP/1.1\r\nHost: h\r\n\r\n",
           "ERROR_REQUEST_METHOD\n");
    EXPECT("CONNECT h:443 HTTP/1.1\r\nHost: h\r\n\r\n", "ERROR_REQUEST_METHOD\n");
}

static void takes_pipelined_requests(void **state)
{
    (void)state;
    EXPECT("GET /1 HTTP/1.1\r\nHost: h\r\n\r\n"
           "POST /2 HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc"
           "\r\n"
           "PUT /3 HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n"
           "GET /4 HTTP/1.1\r\nHost: h\r\n\r\nGET",
           "GET /1 1.1 @h length=0 head=28\nend\n"
           "POST /2 1.1 @h length=3 head=48\nbody abc\nend\n"
           "PUT /3 1.1 @h length=-1 head=56\nbody x\nend\n"
           "GET /4 1.1 @h length=0 head=28\nend\n…\n");
}

/* RFC 9112, 2.2: an empty line before a request is robustness, two are something else. */
static void takes_one_empty_line_before_a_request(void **state)
{
    (void)state;
    EXPECT("\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n", "GET / 1.1 @h length=0 head=27\nend\n");
    EXPECT("\r\n", "");
    EXPECT("\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n", "ERROR_REQUEST_MALFORMED\n");
    EXPECT("\nGET / HTTP/1.1\r\nHost: h\r\n\r\n", "ERROR_REQUEST_MALFORMED\n");
    EXPECT("\rGET / HTTP/1.1\r\nHost: h\r\n\r\n", "ERROR_REQUEST_MALFORMED\n");
}

static void judges_versions(void **state)
{
    (void)state;
    EXPECT("GET / HTTP/1.0\r\n\r\n", "GET / 1.0 @ length=0 head=18 close\nend\n");
    EXPECT("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n",
           "GET / 1.0 @ length=0 head=42\nend\n");
    EXPECT("GET / HTTP/2.0\r\nHost: h\r\n\r\n", "ERROR_REQUEST_VERSION\n");
    EXPECT("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "ERROR_REQUEST_VERSION\n");
    EXPECT("GET / HTTP/1.2\r\nHost: h\r\n\r\n", "ERROR_REQUEST_VERSION\n");
    EXPECT("GET / HTTP/0.9\r\nHost: h\r\n\r\n", "ERROR_REQUEST_VERSION\n");
    EXPECT("GET / HTTP/9.9\r\nHost: h\r\n\r\n", "ERROR_REQUEST_VERSION\n");
    EXPECT("GET / HTTP/1.10\r\nHost: h\r\n\r\n", "ERROR_REQUEST_MALFORMED\n");
    EXPECT("GET / HTTP/1.x\r\nHost: h\r\n\r\n", "ERROR_REQUEST_MALFORMED\n");
    EXPECT("GET / HTTP/1,1\r\nHost: h\r\n\r\n", "ERROR_REQUEST_MALFORMED\n");
    EXPECT("GET / http/1.1\r\nHost: h\r\n\r\n", "ERROR_REQUEST_MALFORMED\n");
    EXPECT("GET / RTSP/1.0\r\nHost: h\r\n\r\n", "ERROR_REQUEST_MALFORMED\n");
    EXPECT("SOURCE / ICE/1.0\r\nHost: h\r\n\r\n", "ERROR_REQUEST_MALFORMED\n");
    EXPECT("GET /\r\n", "ERROR_REQUEST_MALFORMED\n");
    EXPECT("GET /\r\nHost: h\r\n\r\n", "ERROR_REQUEST_MALFORMED\n");
}

static void judges_targets(void **state)
{
    (void)state;
    EXPECT("OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n", "OPTIONS * 1.1 @h length=0 head=31\nend\n");
    EXPECT("GET * HTTP/1.1\r\nHost: h\r\n\r\n", "ERROR_REQUEST_MALFORMED\n");
    EXPECT("OPTIONS *x HTTP/1.1\r\nHost: h\r\n\r\n", "ERROR_REQUEST_MALFORMED\n");
    EXPECT("GET http://a.b:8/c?d HTTP/1.1\r\nHost: other\r\n\r\n",
           "GET /c?d 1.1 @a.b:8 length=0 head=46\nend\n");
    EXPECT("GET HTTPS://a HTTP/1.1\r\nHost: other\r\n\r\n", "GET / 1.1 @a length=0 head=39\nend\n");
    EXPECT("GET http://a?q HTTP/1.1\r\nHost: a\r\n\r\n", "GET /?q 1.1 @a length=0 head=36\nend\n");
    EXPECT("GET http://[::1]:80/ HTTP/1.1\r\nHost: a\r\n\r\n",
           "GET / 1.1 @[::1]:80 length=0 head=42\nend\n");
    EXPECT("GET http://a/ HTTP/1.0\r\n\r\n", "GET / 1.0 @a length=0 head=26 close\nend\n");
    EXPECT("OPTIONS http://a HTTP/1.1\r\nHost: a\r\n\r\n",
           "OPTIONS * 1.1 @a length=0 head=38\nend\n");
    EXPECT("GET http://a HTTP/1.1\r\n\r\n", "ERROR_REQUEST_HOST\n");
    EXPECT("GET http://a HTTP/1.1\r\nHost: b c\r\n\r\n", "ERROR_REQUEST_HOST\n");
    EXPECT("GET http://u@a/ HTTP/1.1\r\nHost: a\r\n\r\n", "ERROR_REQUEST_HOST\n");
    EXPECT("GET http:///x HTTP/1.1\r\nHost: a\r\n\r\n", "ERROR_REQUEST_HOST\n");
    EXPECT("GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n", "ERROR_REQUEST_MALFORMED\n");
    EXPECT("GET a:80 HTTP/1.1\r\nHost: a\r\n\r\n", "ERROR_REQUEST_MALFORMED\n");
    EXPECT("GET a HTTP/1.1\r\nHost: a\r\n\r\n", "ERROR_REQUEST_MALFORMED\n");
    EXPECT("GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n", "ERROR_REQUEST_MALFORMED\n");
    EXPECT("GET /a\x80 HTTP/1.1\r\nHost: a\r\n\r\n", "ERROR_REQUEST_MALFORMED\n");
    EXPECT("GET /a\x7f HTTP/1.1\r\nHost: a\r\n\r\n", "ERROR_REQUEST_MALFORMED\n");
    EXPECT("GET /a\0b HTTP/1.1\r\nHost: a\r\n\r\n", "ERROR_REQUEST_MALFORMED\n");
    EXPECT("GET /a\tb HTTP/1.1\r\nHost: a\r\n\r\n", "ERROR_REQUEST_MALFORMED\n");
}

/* One blank, no more and nothing else, between the parts of the request line. */
static void judges_blanks_of_the_request_line(void **state)
{
    (void)state;
    EXPECT("GET  / HTTP/1.1\r\nHost: h\r\n\r\n", "ERROR_REQUEST_MALFORMED\n");
    EXPECT("GET /  HTTP/1.1\r\nHost: h\r\n\r\n", "ERROR_REQUEST_MALFORMED\n");
    EXPECT("GET / a HTTP/1.1\r\nHost: h\r\n\r\n", "ERROR_REQUEST_MALFORMED\n");
    EXPECT("GET / HTTP/1.1 \r\nHost: h\r\n\r\n", "ERROR_REQUEST_MALFORMED\n");
    EXPECT(" GET / HTTP/1.1\r\nHost: h\r\n\r\n", "ERROR_REQUEST_MALFORMED\n");
    EXPECT("GET\t/ HTTP/1.1\r\nHost: h\r\n\r\n", "ERROR_REQUEST_MALFORMED\n");
    EXPECT("GET HTTP/1.1\r\nHost: h\r\n\r\n", "ERROR_REQUEST_MALFORMED\n");
    EXPECT("GET\r\n", "ERROR_REQUEST_MALFORMED\n");
    EXPECT("\x16\x03\x01\x02", "ERROR_REQUEST_MALFORMED\n"); /* TLS on the wrong port */
}

static void judges_host(void **state)
{
    (void)state;
    static const char *const good[] = {
        "a",  "a.b-c_d.example", "127.0.0.1:80", "[::1]",         "[2001:db8::1]:443",
        "a:", "xn--a",           "A%2eb",        "a!$&'()*+,;=b", "h:65535"};
    static const char *const bad[] = {
        "",     "a b",     "a,b c", "u@h", "[::1", "[::1]x", "[a]",          "::1",     "h:65536",
        "h:8a", "h:80:80", "a/b",   "a?b", "a#b",  "a\\b",   "<a>",          "a\"",     "%",
        "%2",   "%zz",     ":80",   "[]",  "a[b]", "h: 80",  "[::1%25eth0]", "\xc3\xa9"};
    char input[128];
    char expected[128];
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        int bytes = snprintf(input, sizeof(input), "GET / HTTP/1.1\r\nHost: %s\r\n\r\n", good[i]);
        snprintf(expected, sizeof(expected), "GET / 1.1 @%s length=0 head=%d\nend\n", good[i],
                 bytes);
        expect(slice_of(input), expected);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        snprintf(input, sizeof(input), "GET / HTTP/1.1\r\nHost: %s\r\n\r\n", bad[i]);
        expect(slice_of(input), "ERROR_REQUEST_HOST\n");
        snprintf(input, sizeof(input), "GET / HTTP/1.0\r\nHost: %s\r\n\r\n", bad[i]);
        expect(slice_of(input), "ERROR_REQUEST_HOST\n");
    }
    EXPECT("GET / HTTP/1.1\r\n\r\n", "ERROR_REQUEST_HOST\n");
    EXPECT("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", "ERROR_REQUEST_HOST\n");
    EXPECT("GET / HTTP/1.0\r\nHost: a\r\nhOST: b\r\n\r\n", "ERROR_REQUEST_HOST\n");
}

/* What proxies and servers have been talked into seeing differently. */
static void refuses_ambiguous_heads(void **state)
{
    (void)state;
    static const char *const heads[] = {
        /* Line ends, folds, blanks. */
        "GET / HTTP/1.1\nHost: h\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: h\n\r\n",
        "GET / HTTP/1.1\r\nHost: h\r\n\n",
        "GET / HTTP/1.1\r\nHost: h\r\nA: b\rc\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: h\r\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: h\r\nA: b\r\n c\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: h\r\nA:\r\n\tb\r\n\r\n",
        "GET / HTTP/1.1\r\n Host: h\r\n\r\n",
        "GET / HTTP/1.1\r\nHost : h\r\n\r\n",
        "GET / HTTP/1.1\r\nHost\t: h\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: h\r\nno colon\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: h\r\n: no name\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: h\r\nA\x80: b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: h\r\nA(b): c\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: h\r\nA: b\x01\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: h\r\nA: b\x7f\r\n\r\n",
        /* Lengths. */
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello",
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5, 5\r\n\r\nhello",
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: +5\r\n\r\nhello",
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: -5\r\n\r\nhello",
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 0x5\r\n\r\nhello",
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5 5\r\n\r\nhello",
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: five\r\n\r\nhello",
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length:\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 18446744073709551616\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 18446744073709551615\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9223372036854775808\r\n\r\n",
        /* Both, and codings. */
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nTransfer-Encoding: gzip\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nTransfer-Encoding:\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked, chunked\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked, gzip\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: identity\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: xchunked\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked;q=1\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: \"chunked\"\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: ,chunked\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding:\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: \vchunked\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding : chunked\r\n\r\n",
        "POST / HTTP/1.0\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n",
    };
    for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++)
        expect(slice_of(heads[i]), "ERROR_REQUEST_MALFORMED\n");
    EXPECT("GET / HTTP/1.1\r\nHost: h\r\nA: \0\r\n\r\n", "ERROR_REQUEST_MALFORMED\n");
}

#define CHUNKED "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
#define CHUNKED_HEAD "POST / 1.1 @h length=-1 head=56\n"

static void takes_chunked_bodies(void **state)
{
    (void)state;
    EXPECT(CHUNKED "5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n",
           CHUNKED_HEAD "body hello world\nend\n");
    EXPECT(CHUNKED "0\r\n\r\n", CHUNKED_HEAD "end\n");
    EXPECT(CHUNKED "00000000000000000000000000a\r\n0123456789\r\n000\r\n\r\n",
           CHUNKED_HEAD "body 0123456789\nend\n");
    EXPECT(CHUNKED "A;name=value;other=\"quoted \\\" text\"\r\n0123456789\r\n0;last\r\n\r\n",
           CHUNKED_HEAD "body 0123456789\nend\n");
    EXPECT("POST / HTTP/1.1\r\nHost: h\r\ntransfer-encoding: CHUNKED \r\n\r\n1\r\nx\r\n0\r\n\r\n",
           "POST / 1.1 @h length=-1 head=57\nbody x\nend\n");
}

static void takes_trailers(void **state)
{
    (void)state;
    EXPECT(CHUNKED "1\r\nx\r\n0\r\nX-Sum: abc\r\nOther: \t1 \r\n\r\n",
           CHUNKED_HEAD "body x\nend\ntrailer x-sum=abc\ntrailer other=1\n");
    /* What frames, routes or concerns the hop is no trailer. */
    EXPECT(CHUNKED "0\r\nHost: evil\r\nConnection: close\r\nA: b\r\nTE: x\r\nExpect: y\r\n\r\n",
           CHUNKED_HEAD "end\ntrailer a=b\n");
    EXPECT(CHUNKED "0\r\nContent-Length: 5\r\n\r\n", CHUNKED_HEAD "ERROR_REQUEST_MALFORMED\n");
    EXPECT(CHUNKED "0\r\nTransfer-Encoding: gzip\r\n\r\n",
           CHUNKED_HEAD "ERROR_REQUEST_MALFORMED\n");
    EXPECT(CHUNKED "0\r\nA: b\r\n c\r\n\r\n", CHUNKED_HEAD "ERROR_REQUEST_MALFORMED\n");
    EXPECT(CHUNKED "0\r\nA : b\r\n\r\n", CHUNKED_HEAD "ERROR_REQUEST_MALFORMED\n");
    EXPECT(CHUNKED "0\r\nA: b\n\r\n", CHUNKED_HEAD "ERROR_REQUEST_MALFORMED\n");
    EXPECT(CHUNKED "0\r\n\n", CHUNKED_HEAD "ERROR_REQUEST_MALFORMED\n");
}

static void refuses_malformed_chunks(void **state)
{
    (void)state;
    static const char *const bodies[] = {
        "0x5\r\nhello",
        "5 \r\nhello",
        " 5\r\nhello",
        "5\nhello",
        "g\r\n",
        "-5\r\n",
        "+5\r\n",
        "\r\n",
        ";x\r\n",
        "5;\r\n",
        "5;;\r\n",
        "5 ;a=b\r\n",
        "5;a\nhello",
        "5;a\rb\r\n",
        "5;a=\"\x01",
        "5;a b\r\n",
        "5;a=b\rhello",
        "5\rhello",
        "FFFFFFFFFFFFFFFFF\r\n",
        "10000000000000000\r\n",
    };
    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        char input[256];
        snprintf(input, sizeof(input), CHUNKED "%s", bodies[i]);
        expect(slice_of(input), CHUNKED_HEAD "ERROR_REQUEST_MALFORMED\n");
    }
    EXPECT(CHUNKED "5\r\nhelloX", CHUNKED_HEAD "body hello\nERROR_REQUEST_MALFORMED\n");
    EXPECT(CHUNKED "5\r\nhello\n0", CHUNKED_HEAD "body hello\nERROR_REQUEST_MALFORMED\n");
    EXPECT(CHUNKED "5\r\nhello0\r\n\r\n", CHUNKED_HEAD "body hello\nERROR_REQUEST_MALFORMED\n");
    EXPECT(CHUNKED "5;a\0b\r\nhello", CHUNKED_HEAD "ERROR_REQUEST_MALFORMED\n");
}

static void takes_out_what_is_for_this_hop(void **state)
{
    (void)state;
    EXPECT("GET / HTTP/1.1\r\nHost: h\r\nConnection: close, X-Hop ,,Other\r\nX-Hop: 1\r\nA: b\r\n"
           "Keep-Alive: 5\r\nProxy-Connection: x\r\nTE: trailers\r\nUpgrade: h2c\r\n"
           "HTTP2-Settings: x\r\nProxy-Authorization: y\r\nother: z\r\nTrailer: T\r\n\r\n",
           "GET / 1.1 @h length=0 head=206 close\nfield a=b\nfield trailer=T\nend\n");
    EXPECT(
        "GET / HTTP/1.1\r\nHost: h\r\nConnection: a\r\nConnection: b\r\nA: 1\r\nB: 2\r\nC: 3\r\n\r\n",
        "GET / 1.1 @h length=0 head=75\nfield c=3\nend\n");
    EXPECT("GET / HTTP/1.1\r\nHost: h\r\nConnection: no/token\r\n\r\n",
           "ERROR_REQUEST_MALFORMED\n");
    /* An upgrade is ignored: the bytes that follow are the next request. */
    EXPECT("GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
           "GET /2 HTTP/1.1\r\nHost: h\r\n\r\n",
           "GET / 1.1 @h length=0 head=68\nend\nGET /2 1.1 @h length=0 head=28\nend\n");
}

static void bounds_the_options_of_connection(void **state)
{
    (void)state;
    char input[512] = "GET / HTTP/1.1\r\nHost: h\r\nConnection: close";
    for (int i = 0; i < HTTP_CONNECTION_OPTIONS_MAX; i++)
        strcat(input, ",x");
    size_t bytes = strlen(input);
    strcat(input, "\r\n\r\n");
    char expected[64];
    snprintf(expected, sizeof(expected), "GET / 1.1 @h length=0 head=%zu close\nend\n",
             strlen(input));
    expect(slice_of(input), expected);
    strcpy(input + bytes, ",x\r\n\r\n");
    expect(slice_of(input), "ERROR_REQUEST_MALFORMED\n");
}

static void reads_expectations(void **state)
{
    (void)state;
    EXPECT("PUT / HTTP/1.1\r\nHost: h\r\nExpect: 100-Continue\r\nContent-Length: 1\r\n\r\nx",
           "PUT / 1.1 @h length=1 head=68 expects\nbody x\nend\n");
    EXPECT("PUT / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\n\r\n",
           "PUT / 1.1 @h length=0 head=49\nend\n");
    EXPECT("PUT / HTTP/1.1\r\nHost: h\r\nExpect: 200-ok\r\n\r\n", "ERROR_REQUEST_EXPECTATION\n");
    EXPECT("PUT / HTTP/1.1\r\nHost: h\r\nExpect:\r\n\r\n", "ERROR_REQUEST_EXPECTATION\n");
    EXPECT("PUT / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nExpect: x\r\n\r\n",
           "ERROR_REQUEST_EXPECTATION\n");
    EXPECT("PUT / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\nx",
           "PUT / 1.0 @ length=1 head=59 close\nbody x\nend\n");
    EXPECT("PUT / HTTP/1.0\r\nExpect: else\r\n\r\n", "PUT / 1.0 @ length=0 head=32 close\nend\n");
}

/* A transcript under another bound, whole and in pieces of several lengths. */
static void expect_bounded(struct slice input, size_t head_bytes_max, const char *expected)
{
    static const size_t pieces[] = {1, 2, 3, 7, 100, 1000000};
    for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
        size_t piece = pieces[i];
        char *text = transcript_make(input, head_bytes_max, cut_at, &piece);
        assert_string_equal(text, expected);
        free(text);
    }
}

static void bounds_the_head(void **state)
{
    (void)state;
    struct slice head = SLICE("GET /path HTTP/1.1\r\nHost: h\r\nA: b\r\n\r\n");
    char expected[128];
    snprintf(expected, sizeof(expected), "GET /path 1.1 @h length=0 head=%zu\nfield a=b\nend\n",
             head.bytes);
    expect_bounded(head, head.bytes, expected);
    expect_bounded(head, head.bytes + 1, expected);
    for (size_t bytes_max = 1; bytes_max < head.bytes; bytes_max++)
        expect_bounded(head, bytes_max, "ERROR_REQUEST_HEADER_SIZE\n");
    /* What stands in front of the request is not its head. */
    expect_bounded(SLICE("\r\nGET /path HTTP/1.1\r\nHost: h\r\nA: b\r\n\r\n"), head.bytes,
                   expected);
}

static void bounds_a_head_of_128_kilobytes(void **state)
{
    (void)state;
    char *input = malloc(HEAD_BYTES_MAX + 2);
    assert_non_null(input);
    for (size_t bytes = HEAD_BYTES_MAX; bytes <= HEAD_BYTES_MAX + 1; bytes++) {
        size_t begin = (size_t)sprintf(input, "GET / HTTP/1.1\r\nHost: h\r\nA: ");
        memset(input + begin, 'x', bytes - begin - 4);
        memcpy(input + bytes - 4, "\r\n\r\n", 4);
        size_t piece = 4096;
        char *text = transcript_make((struct slice){.data = input, .bytes = bytes}, HEAD_BYTES_MAX,
                                     cut_at, &piece);
        if (bytes == HEAD_BYTES_MAX)
            assert_memory_equal(text, "GET / 1.1 @h length=0 head=131072\n", 34);
        else
            assert_string_equal(text, "ERROR_REQUEST_HEADER_SIZE\n");
        free(text);
    }
    free(input);
}

static void bounds_the_number_of_fields(void **state)
{
    (void)state;
    char *input = malloc(65536);
    assert_non_null(input);
    for (int fields = HTTP_FIELDS_MAX; fields <= HTTP_FIELDS_MAX + 1; fields++) {
        char *to = input + sprintf(input, "GET / HTTP/1.1\r\nHost: h\r\n");
        for (int i = 1; i < fields; i++)
            to += sprintf(to, "a:\r\n");
        to += sprintf(to, "\r\n");
        struct slice whole = {.data = input, .bytes = (size_t)(to - input)};
        char *text = transcript_make(whole, HEAD_BYTES_MAX, NULL, NULL);
        if (fields == HTTP_FIELDS_MAX)
            assert_memory_equal(text, "GET / 1.1", 9);
        else
            assert_string_equal(text, "ERROR_REQUEST_HEADER_SIZE\n");
        free(text);
    }
    free(input);
}

/* The trailers have the same number as the head, counted apart: from behind the last chunk's line
 * to the end. */
static void bounds_the_trailers(void **state)
{
    (void)state;
    size_t head_bytes = strlen(CHUNKED);
    char input[512];
    for (size_t over = 0; over <= 1; over++) {
        int begin = sprintf(input, CHUNKED "5\r\nhello\r\n0\r\nT: ");
        size_t value = head_bytes - strlen("T: \r\n\r\n") + over;
        memset(input + begin, 'v', value);
        strcpy(input + begin + value, "\r\n\r\n");
        input[begin + value] = '\r';
        char expected[512];
        if (over)
            strcpy(expected, CHUNKED_HEAD "body hello\nERROR_REQUEST_HEADER_SIZE\n");
        else
            sprintf(expected, CHUNKED_HEAD "body hello\nend\ntrailer t=%.*s\n", (int)value,
                    input + begin);
        expect_bounded((struct slice){.data = input, .bytes = (size_t)begin + value + 4},
                       head_bytes, expected);
    }
}

/* Appends a chunk of one byte with an extension of so many bytes. */
static char *put_chunk(char *to, size_t extension_bytes)
{
    to += sprintf(to, "1;");
    memset(to, 'e', extension_bytes);
    to += extension_bytes;
    return to + sprintf(to, "\r\nx\r\n");
}

/* What the lines cost beyond 16 bytes a chunk and twice its data is bounded over the body. */
static void bounds_what_chunks_cost(void **state)
{
    (void)state;
    size_t allowed = HTTP_CHUNK_OVERHEAD_BYTES_MAX;
    char *input = malloc(allowed * 4);
    assert_non_null(input);
    /* One line: "1;…\r\n" may have as many bytes as are allowed in all. */
    for (size_t over = 0; over <= 1; over++) {
        char *to = put_chunk(input + sprintf(input, CHUNKED), allowed - strlen("1;\r\n") + over);
        to += sprintf(to, "0\r\n\r\n");
        expect_bounded((struct slice){.data = input, .bytes = (size_t)(to - input)}, HEAD_BYTES_MAX,
                       over ? CHUNKED_HEAD "ERROR_REQUEST_MALFORMED\n"
                            : CHUNKED_HEAD "body x\nend\n");
    }
    /* Many: each costs its line and the line end behind the data, less 18. */
    size_t cost = 100;
    for (size_t over = 0; over <= 1; over++) {
        char *to = input + sprintf(input, CHUNKED);
        size_t chunks = allowed / cost + 8 * over;
        for (size_t i = 0; i < chunks; i++)
            to = put_chunk(to, cost + 18 - strlen("1;\r\n\r\n"));
        struct slice whole = {.data = input, .bytes = (size_t)(to - input)};
        char *text = transcript_make(whole, HEAD_BYTES_MAX, NULL, NULL);
        assert_int_equal(strstr(text, "ERROR_REQUEST_MALFORMED") != NULL, over);
        size_t piece = 1;
        char *again = transcript_make(whole, HEAD_BYTES_MAX, cut_at, &piece);
        assert_string_equal(text, again);
        free(text);
        free(again);
    }
    /* Leading zeros are lines, too. */
    int begin = sprintf(input, CHUNKED);
    memset(input + begin, '0', allowed + 1);
    expect_bounded((struct slice){.data = input, .bytes = (size_t)begin + allowed + 1},
                   HEAD_BYTES_MAX, CHUNKED_HEAD "ERROR_REQUEST_MALFORMED\n");
    expect_bounded((struct slice){.data = input, .bytes = (size_t)begin + allowed}, HEAD_BYTES_MAX,
                   CHUNKED_HEAD "…\n");
    free(input);
}

/* Honest chunks of one byte never add up. */
static void lets_small_chunks_be(void **state)
{
    (void)state;
    size_t chunks = 20000;
    char *input = malloc(chunks * 6 + 200);
    assert_non_null(input);
    char *to = input + sprintf(input, CHUNKED);
    for (size_t i = 0; i < chunks; i++)
        to += sprintf(to, "1\r\nx\r\n");
    to += sprintf(to, "0\r\n\r\n");
    struct slice whole = {.data = input, .bytes = (size_t)(to - input)};
    char *text = transcript_make(whole, HEAD_BYTES_MAX, NULL, NULL);
    assert_int_equal(strlen(text), strlen(CHUNKED_HEAD "body \nend\n") + chunks);
    free(text);
    free(input);
}

static void says_how_much_of_the_body_is_left(void **state)
{
    (void)state;
    struct http_parser parser;
    struct http_head head;
    struct arena arena;
    struct slice body;
    struct slice input = SLICE("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nhello");
    http_parser_init(&parser, HEAD_BYTES_MAX);
    http_head_init(&head, HEAD_BYTES_MAX);
    arena_init(&arena, 65536);
    http_head_reset(&head);
    http_parser_begin(&parser, &head, &arena);
    assert_int_equal(http_parser_next(&parser, &input, &body), HTTP_PARSED_HEAD);
    assert_int_equal(http_parser_body_left(&parser), 10);
    assert_int_equal(http_parser_next(&parser, &input, &body), HTTP_PARSED_BODY);
    assert_int_equal(http_parser_body_left(&parser), 5);
    assert_int_equal(http_parser_next(&parser, &input, &body), HTTP_PARSED_MORE);
    input = SLICE("world");
    assert_int_equal(http_parser_next(&parser, &input, &body), HTTP_PARSED_BODY);
    assert_int_equal(http_parser_next(&parser, &input, &body), HTTP_PARSED_END);
    assert_int_equal(http_parser_body_left(&parser), 0);
    http_head_fini(&head);
    arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_ordinary_requests),
        cmocka_unit_test(takes_any_method),
        cmocka_unit_test(takes_pipelined_requests),
        cmocka_unit_test(takes_one_empty_line_before_a_request),
        cmocka_unit_test(judges_versions),
        cmocka_unit_test(judges_targets),
        cmocka_unit_test(judges_blanks_of_the_request_line),
        cmocka_unit_test(judges_host),
        cmocka_unit_test(refuses_ambiguous_heads),
        cmocka_unit_test(takes_chunked_bodies),
        cmocka_unit_test(takes_trailers),
        cmocka_unit_test(refuses_malformed_chunks),
        cmocka_unit_test(takes_out_what_is_for_this_hop),
        cmocka_unit_test(bounds_the_options_of_connection),
        cmocka_unit_test(reads_expectations),
        cmocka_unit_test(bounds_the_head),
        cmocka_unit_test(bounds_a_head_of_128_kilobytes),
        cmocka_unit_test(bounds_the_number_of_fields),
        cmocka_unit_test(bounds_the_trailers),
        cmocka_unit_test(bounds_what_chunks_cost),
        cmocka_unit_test(lets_small_chunks_be),
        cmocka_unit_test(says_how_much_of_the_body_is_left),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
