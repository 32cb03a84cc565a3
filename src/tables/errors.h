/* SPDX-License-Identifier: AGPL-3.0-only */

/* Every error of the platform, once: its number, what a client is answered, and what operators
 * count.
 *
 * X(name, code, status, proxy_status, label, text)
 *   name          ERROR_… in code
 *   code          negative, never used again for something else
 *   status        the HTTP status (RFC 9110) of fn0's own answer; 0: never answered to a client
 *   proxy_status  the error token of Proxy-Status (RFC 9209, 2.3); "" with status 0
 *   label         the value of `error` in metrics and logs
 *   text          the line that a client is shown: leaks no path and no internals */

#ifndef FN0_TABLES_ERRORS_H
#define FN0_TABLES_ERRORS_H

#include <stddef.h>

#define ERROR_TABLE(X)                                                                            \
    /* The platform's own. */                                                                     \
    X(ERROR_INVALID_ARGUMENT, -1, 0, "", "invalid_argument", "")                                  \
    X(ERROR_OUT_OF_MEMORY, -2, 503, "proxy_internal_error", "out_of_memory",                      \
      "The host is out of memory.")                                                               \
    X(ERROR_SYSTEM, -3, 500, "proxy_internal_error", "system", "The host had an internal error.") \
    X(ERROR_INTERNAL, -4, 500, "proxy_internal_error", "internal",                                \
      "The host had an internal error.")                                                          \
    X(ERROR_USAGE, -5, 0, "", "usage", "")                                                        \
    X(ERROR_CONFIGURATION, -6, 0, "", "configuration", "")                                        \
    X(ERROR_NOT_FOUND, -7, 0, "", "not_found", "")                                                \
    X(ERROR_ADDRESS_IN_USE, -8, 0, "", "address_in_use", "")                                      \
    X(ERROR_FULL, -9, 0, "", "full", "")                                                          \
    X(ERROR_CLOSED, -10, 0, "", "closed", "")                                                     \
    X(ERROR_NOT_TRUSTED, -11, 0, "", "not_trusted", "")                                           \
    /* A client's request. */                                                                     \
    X(ERROR_REQUEST_MALFORMED, -100, 400, "http_request_error", "request_malformed",              \
      "The request is malformed.")                                                                \
    X(ERROR_REQUEST_HOST, -101, 400, "http_request_error", "request_host",                        \
      "The request needs one valid Host.")                                                        \
    X(ERROR_REQUEST_HEADER_SIZE, -102, 431, "http_request_error", "request_header_size",          \
      "The request's header is too large.")                                                       \
    X(ERROR_REQUEST_BODY_SIZE, -103, 413, "http_request_error", "request_body_size",              \
      "The request's body is too large.")                                                         \
    X(ERROR_REQUEST_TIMEOUT, -104, 408, "http_request_error", "request_timeout",                  \
      "The request took too long to arrive.")                                                     \
    X(ERROR_REQUEST_VERSION, -105, 505, "http_request_error", "request_version",                  \
      "Use HTTP/1.1 or HTTP/1.0.")                                                                \
    X(ERROR_REQUEST_EXPECTATION, -106, 417, "http_request_error", "request_expectation",          \
      "The only expectation understood is 100-continue.")                                         \
    X(ERROR_REQUEST_METHOD, -107, 501, "http_request_error", "request_method",                    \
      "This method is not supported.")                                                            \
    X(ERROR_REQUEST_URI_SIZE, -108, 414, "http_request_error", "request_uri_size",                \
      "The request's target is too long.")                                                        \
    X(ERROR_CLIENT_GONE, -109, 0, "", "client_gone", "")                                          \
    X(ERROR_CLIENT_SLOW, -110, 0, "", "client_slow", "")                                          \
    /* Finding and admitting. */                                                                  \
    X(ERROR_FUNCTION_NOT_FOUND, -200, 404, "destination_not_found", "function_not_found",         \
      "No function has this name.")                                                               \
    X(ERROR_FUNCTION_BROKEN, -201, 503, "destination_unavailable", "function_broken",             \
      "The function cannot be loaded.")                                                           \
    X(ERROR_NO_SLOT, -202, 503, "connection_limit_reached", "no_slot",                            \
      "The host is busy; try again.")                                                             \
    X(ERROR_DRAINING, -203, 503, "destination_unavailable", "draining",                           \
      "The host is shutting down; try again.")                                                    \
    X(ERROR_POOL_FULL, -204, 503, "connection_limit_reached", "pool_full",                        \
      "The host is busy; try again.")                                                             \
    /* A component that cannot be loaded. */                                                      \
    X(ERROR_COMPONENT_INVALID, -300, 503, "destination_unavailable", "component_invalid",         \
      "The function cannot be loaded.")                                                           \
    X(ERROR_COMPONENT_IMPORT, -301, 503, "destination_unavailable", "component_import",           \
      "The function cannot be loaded.")                                                           \
    X(ERROR_COMPONENT_EXPORT, -302, 503, "destination_unavailable", "component_export",           \
      "The function cannot be loaded.")                                                           \
    X(ERROR_COMPONENT_THREADS, -303, 503, "destination_unavailable", "component_threads",         \
      "The function cannot be loaded.")                                                           \
    X(ERROR_COMPONENT_SIZE, -304, 503, "destination_unavailable", "component_size",               \
      "The function cannot be loaded.")                                                           \
    /* A call that failed. */                                                                     \
    X(ERROR_CALL_TRAP, -400, 502, "http_response_incomplete", "trap", "The function failed.")     \
    X(ERROR_CALL_EXIT, -401, 502, "http_response_incomplete", "exit",                             \
      "The function ended without a response.")                                                   \
    X(ERROR_CALL_NO_RESPONSE, -402, 502, "http_response_incomplete", "no_response",               \
      "The function ended without a response.")                                                   \
    X(ERROR_CALL_ERROR_CODE, -403, 502, "http_response_incomplete", "error_code",                 \
      "The function answered an error.")                                                          \
    X(ERROR_CALL_CPU, -404, 504, "http_response_timeout", "cpu",                                  \
      "The function used more CPU time than it may.")                                             \
    X(ERROR_CALL_DURATION, -405, 504, "http_response_timeout", "duration",                        \
      "The function took longer than it may.")                                                    \
    X(ERROR_CALL_MEMORY, -406, 502, "http_response_incomplete", "memory",                         \
      "The function used more memory than it may.")                                               \
    X(ERROR_CALL_START, -407, 502, "http_response_incomplete", "start",                           \
      "The function failed to start.")                                                            \
    X(ERROR_CALL_START_CPU, -408, 504, "http_response_timeout", "start_cpu",                      \
      "The function used more CPU time to start than it may.")                                    \
    X(ERROR_CALL_CANCELLED, -409, 0, "", "cancelled", "")                                         \
    X(ERROR_RESPONSE_HEADER_SIZE, -410, 502, "http_response_header_section_size",                 \
      "response_header_size", "The function's response header is too large.")                     \
    X(ERROR_RESPONSE_BODY_SIZE, -411, 502, "http_response_body_size", "response_body_size",       \
      "The function's response body is too large.")                                               \
    X(ERROR_RESPONSE_INCOMPLETE, -412, 502, "http_response_incomplete", "response_incomplete",    \
      "The function's response is incomplete.")                                                   \
    X(ERROR_RESPONSE_INVALID, -413, 502, "http_protocol_error", "response_invalid",               \
      "The function's response is not valid HTTP.")                                               \
    /* Outgoing requests: answered to guests, not to clients. */                                  \
    X(ERROR_OUTGOING_DENIED, -500, 0, "", "outgoing_denied", "")                                  \
    X(ERROR_OUTGOING_ADDRESS, -501, 0, "", "outgoing_address", "")                                \
    X(ERROR_OUTGOING_FAILED, -502, 0, "", "outgoing_failed", "")

/* Each row's number. 0 is no error. */
enum error_code {
#define ERROR_ROW(name, code, status, proxy_status, label, text) name = code,
    ERROR_TABLE(ERROR_ROW)
#undef ERROR_ROW
};

/* One row. The strings are static. */
struct error_info {
    int code;
    int status;
    const char *name; /* "ERROR_…" */
    const char *proxy_status;
    const char *label;
    const char *text;
};

/* The row of `code`; never NULL: an unknown code gets the row of ERROR_INTERNAL. Any thread. */
const struct error_info *error_info(int code);

/* How many rows there are: for documents and tests that go through all. */
size_t error_info_count(void);

/* The row at a place from 0 on, in the order of the table; NULL past the end. Any thread. */
const struct error_info *error_info_at(size_t index);

#endif
