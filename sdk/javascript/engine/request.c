/* SPDX-License-Identifier: Apache-2.0 */

#include "request.h"

#include <stdlib.h>
#include <string.h>

#include "absolute_url.h"
#include "class.h"
#include "conversion.h"
#include "headers.h"

static void finalize(JSRuntime *runtime, JSValueConst object)
{
    JSClassID class_id;
    struct request *request = JS_GetAnyOpaque(object, &class_id);
    if (request == NULL)
        return;
    message_fini(runtime, &request->message);
    JS_FreeValueRT(runtime, request->method);
    JS_FreeValueRT(runtime, request->url);
    JS_FreeValueRT(runtime, request->signal);
    JS_FreeValueRT(runtime, request->redirect);
    JS_FreeValueRT(runtime, request->cache);
    JS_FreeValueRT(runtime, request->credentials);
    JS_FreeValueRT(runtime, request->mode);
    JS_FreeValueRT(runtime, request->referrer);
    JS_FreeValueRT(runtime, request->referrer_policy);
    JS_FreeValueRT(runtime, request->integrity);
    free(request);
}

static void mark(JSRuntime *runtime, JSValueConst object, JS_MarkFunc *mark_function)
{
    JSClassID class_id;
    struct request *request = JS_GetAnyOpaque(object, &class_id);
    if (request == NULL)
        return;
    message_mark(runtime, &request->message, mark_function);
    JS_MarkValue(runtime, request->signal, mark_function);
}

struct request *request_of(JSContext *context, JSValueConst object)
{
    return JS_GetOpaque(object, engine_of(context)->classes.request);
}

/* A Request without anything. Takes `object` over. */
static struct request *create(JSContext *context, JSValue object)
{
    struct request *request = calloc(1, sizeof(*request));
    if (request == NULL) {
        JS_ThrowOutOfMemory(context);
        return NULL;
    }
    message_init(&request->message);
    request->method = request->url = request->signal = JS_UNDEFINED;
    request->redirect = request->cache = request->credentials = request->mode = JS_UNDEFINED;
    request->referrer = request->referrer_policy = request->integrity = JS_UNDEFINED;
    JS_SetOpaque(object, request);
    return request;
}

JSValue request_of_host(struct engine *engine, host_handle handle)
{
    JSContext *context = engine->context;
    JSValue object = JS_NewObjectClass(context, engine->classes.request);
    if (JS_IsException(object))
        return object;
    struct request *request = create(context, object);
    if (request == NULL) {
        JS_FreeValue(context, object);
        return JS_EXCEPTION;
    }
    request->message.request = handle;
    return object;
}

/* ---- What the host knows ----------------------------------------------------------------------
 */

JSValue request_method(JSContext *context, struct request *request)
{
    if (JS_IsUndefined(request->method)) {
        struct host_bytes method = {0};
        if (request->message.request == HOST_HANDLE_NONE)
            return JS_ThrowTypeError(context, "the call of this request has ended");
        host_request_method(request->message.request, &method);
        request->method =
            conversion_from_byte_string(context, (struct text){(char *)method.data, method.bytes});
        free(method.data);
        if (JS_IsException(request->method)) {
            request->method = JS_UNDEFINED;
            return JS_EXCEPTION;
        }
    }
    return JS_DupValue(context, request->method);
}

/* Whether the URL's parser would leave a path with a query as it is: characters that it does not
 * encode, and no segments of dots. */
static bool is_plain_path(struct text path)
{
    bool is_in_query = false;
    for (size_t i = 0; i < path.bytes; i++) {
        unsigned char c = (unsigned char)path.data[i];
        if (c <= 0x20 || c >= 0x7f || strchr("\"#<>\\^`{|}'", c) != NULL)
            return false;
        if (c == '?')
            is_in_query = true;
        if (!is_in_query && c == '/' && i + 1 < path.bytes &&
            (path.data[i + 1] == '.' || path.data[i + 1] == '%'))
            return false;
    }
    return path.bytes > 0 && path.data[0] == '/';
}

/* The same for host and port: lower case, no port that is the scheme's own, and no address that
 * could be written in another way. */
static bool is_plain_authority(struct text authority, bool is_secure)
{
    size_t digits = 0;
    bool has_letter = false, is_in_port = false;
    for (size_t i = 0; i < authority.bytes; i++) {
        char c = authority.data[i];
        if (c >= 'a' && c <= 'z')
            has_letter = true;
        else if (c == ':' && !is_in_port && i > 0)
            is_in_port = true;
        else if (!(c >= '0' && c <= '9') && c != '.' && c != '-')
            return false;
        if (is_in_port && c != ':')
            digits++;
    }
    struct text port = {authority.data + authority.bytes - digits, digits};
    if (is_in_port && (digits == 0 || port.data[0] == '0' || digits > 4 ||
                       header_name_equals(port, is_secure ? TEXT("443") : TEXT("80"))))
        return false;
    /* An all-numeric host is an address; a label that begins with xn-- is checked by the parser. */
    return has_letter && memmem(authority.data, authority.bytes, "xn--", 4) == NULL;
}

static JSValue join_url(struct engine *engine, bool is_secure, struct text authority,
                        struct text path)
{
    struct text scheme = is_secure ? TEXT("https://") : TEXT("http://");
    char *url = malloc(scheme.bytes + authority.bytes + path.bytes);
    if (url == NULL)
        return JS_ThrowOutOfMemory(engine->context);
    memcpy(url, scheme.data, scheme.bytes);
    memcpy(url + scheme.bytes, authority.data, authority.bytes);
    memcpy(url + scheme.bytes + authority.bytes, path.data, path.bytes);
    JSValue text =
        JS_NewStringLen(engine->context, url, scheme.bytes + authority.bytes + path.bytes);
    free(url);
    if (is_plain_path(path) && is_plain_authority(authority, is_secure))
        return text;
    JSValue parsed = absolute_url(engine->context, text);
    if (JS_IsException(parsed)) {
        /* A request line that no URL can be made of: the text as it came is the honest answer. */
        JS_FreeValue(engine->context, JS_GetException(engine->context));
        return text;
    }
    JS_FreeValue(engine->context, text);
    return parsed;
}

static JSValue request_url(JSContext *context, struct request *request)
{
    if (JS_IsUndefined(request->url)) {
        host_handle handle = request->message.request;
        struct host_bytes path, authority;
        if (handle == HOST_HANDLE_NONE)
            return JS_ThrowTypeError(context, "the call of this request has ended");
        bool has_path = host_request_path_with_query(handle, &path);
        bool has_authority = host_request_authority(handle, &authority);
        JSValue url =
            join_url(engine_of(context), host_request_is_secure(handle),
                     has_authority ? (struct text){(char *)authority.data, authority.bytes}
                                   : TEXT("localhost"),
                     has_path ? (struct text){(char *)path.data, path.bytes} : TEXT("/"));
        free(path.data);
        free(authority.data);
        if (JS_IsException(url))
            return url;
        request->url = url;
    }
    return JS_DupValue(context, request->url);
}

/* Whether a method's requests have a body: these have none (Fetch, 5.4). */
static bool is_bodyless_method(JSContext *context, JSValueConst method)
{
    const char *text = JS_ToCString(context, method);
    if (text == NULL) {
        JS_FreeValue(context, JS_GetException(context));
        return false;
    }
    bool is = strcmp(text, "GET") == 0 || strcmp(text, "HEAD") == 0;
    JS_FreeCString(context, text);
    return is;
}

/* A request from a client has a body unless its method has none or its length is 0. */
static int decide_body(JSContext *context, struct request *request)
{
    struct body *body = &request->message.body;
    if (request->is_body_decided || request->message.request == HOST_HANDLE_NONE)
        return 0;
    JSValue method = request_method(context, request);
    if (JS_IsException(method))
        return -1;
    bool is_bodyless = is_bodyless_method(context, method);
    JS_FreeValue(context, method);
    request->is_body_decided = true;
    if (is_bodyless)
        return 0;
    struct header_list *headers = message_headers(context, &request->message);
    if (headers == NULL)
        return -1;
    const struct header *length = header_list_find(headers, TEXT("content-length"));
    if (length != NULL && length->value_bytes == 1 && header_value(length).data[0] == '0')
        return 0;
    body->input = body_input_of_request(engine_of(context), request->message.request);
    if (body->input == NULL) {
        JS_ThrowOutOfMemory(context);
        return -1;
    }
    body->kind = BODY_INPUT;
    return 0;
}

int request_decide_body(JSContext *context, JSValueConst object)
{
    struct request *request = request_of(context, object);
    return request == NULL ? 0 : decide_body(context, request);
}

void request_end(struct engine *engine, JSValueConst object)
{
    struct request *request = request_of(engine->context, object);
    if (request != NULL)
        request->message.request = HOST_HANDLE_NONE;
}

/* ---- Construction -----------------------------------------------------------------------------
 */

/* Methods that are written in upper case whatever the caller wrote, and those that are refused. */
static int normalize_method(JSContext *context, JSValueConst value, JSValue *ret_method)
{
    static const char *const normalized[] = {"DELETE", "GET", "HEAD", "OPTIONS", "POST", "PUT"};
    static const char *const forbidden[] = {"CONNECT", "TRACE", "TRACK"};
    struct host_bytes method;
    if (conversion_to_byte_string(context, value, "the method", &method) != 0)
        return -1;
    char *text = (char *)method.data;
    int result = 0;
    if (!header_name_is_valid((struct text){text, method.bytes})) {
        JS_ThrowTypeError(context, "'%s' is not a valid HTTP method.", text);
        result = -1;
    }
    for (size_t i = 0; result == 0 && i < sizeof(forbidden) / sizeof(forbidden[0]); i++) {
        if (strcasecmp(text, forbidden[i]) == 0) {
            JS_ThrowTypeError(context, "'%s' HTTP method is unsupported.", text);
            result = -1;
        }
    }
    for (size_t i = 0; result == 0 && i < sizeof(normalized) / sizeof(normalized[0]); i++)
        if (strcasecmp(text, normalized[i]) == 0)
            memcpy(text, normalized[i], method.bytes);
    if (result == 0) {
        *ret_method = JS_NewStringLen(context, text, method.bytes);
        result = JS_IsException(*ret_method) ? -1 : 0;
    }
    free(method.data);
    return result;
}

/* `input` as a URL: no credentials in it (Fetch, 5.4, step 5). */
static int set_url(JSContext *context, struct request *request, JSValueConst input)
{
    JSValue url = absolute_url(context, input);
    if (JS_IsException(url))
        return -1;
    const char *text = JS_ToCString(context, url);
    const char *authority = text == NULL ? NULL : strstr(text, "://");
    bool has_credentials =
        authority != NULL && memchr(authority + 3, '@', strcspn(authority + 3, "/?#")) != NULL;
    JS_FreeCString(context, text);
    request->url = url;
    if (!has_credentials)
        return 0;
    JS_ThrowTypeError(context, "Request cannot be constructed from a URL that includes "
                               "credentials: set the header Authorization instead");
    return -1;
}

/* What another request has, but its body. */
static int copy_request(JSContext *context, struct request *request, struct request *from)
{
    request->url = request_url(context, from);
    request->method = JS_IsException(request->url) ? JS_EXCEPTION : request_method(context, from);
    struct header_list *headers =
        JS_IsException(request->method) ? NULL : message_headers(context, &from->message);
    if (headers == NULL) {
        if (JS_IsException(request->url))
            request->url = JS_UNDEFINED;
        if (JS_IsException(request->method))
            request->method = JS_UNDEFINED;
        return -1;
    }
    request->message.headers = header_list_copy(headers);
    request->redirect = JS_DupValue(context, from->redirect);
    request->cache = JS_DupValue(context, from->cache);
    request->credentials = JS_DupValue(context, from->credentials);
    request->mode = JS_DupValue(context, from->mode);
    request->referrer = JS_DupValue(context, from->referrer);
    request->referrer_policy = JS_DupValue(context, from->referrer_policy);
    request->integrity = JS_DupValue(context, from->integrity);
    request->keepalive = from->keepalive;
    request->signal = JS_DupValue(context, from->signal);
    if (request->message.headers != NULL)
        return 0;
    JS_ThrowOutOfMemory(context);
    return -1;
}

/* An enumeration's member of `init`: one of `allowed`, or a TypeError. */
static int take_enumeration(JSContext *context, JSValueConst init, enum atom name, const char *what,
                            const char *const *allowed, JSValue *target)
{
    JSValue value = JS_GetProperty(context, init, engine_of(context)->atoms[name]);
    if (JS_IsException(value))
        return -1;
    if (JS_IsUndefined(value))
        return 0;
    JSValue string = JS_ToString(context, value);
    JS_FreeValue(context, value);
    const char *text = JS_IsException(string) ? NULL : JS_ToCString(context, string);
    if (text == NULL)
        return -1;
    bool is_allowed = false;
    for (; *allowed != NULL; allowed++)
        is_allowed = is_allowed || strcmp(text, *allowed) == 0;
    if (!is_allowed)
        JS_ThrowTypeError(context, "Request: \"%s\" is not a value of %s", text, what);
    JS_FreeCString(context, text);
    if (!is_allowed) {
        JS_FreeValue(context, string);
        return -1;
    }
    JS_FreeValue(context, *target);
    *target = string;
    return 0;
}

static int take_string(JSContext *context, JSValueConst init, enum atom name, JSValue *target)
{
    JSValue value = JS_GetProperty(context, init, engine_of(context)->atoms[name]);
    if (JS_IsException(value))
        return -1;
    if (JS_IsUndefined(value))
        return 0;
    JSValue string = JS_ToString(context, value);
    JS_FreeValue(context, value);
    if (JS_IsException(string))
        return -1;
    JS_FreeValue(context, *target);
    *target = string;
    return 0;
}

static int take_enumerations(JSContext *context, struct request *request, JSValueConst init)
{
    static const char *const redirects[] = {"follow", "error", "manual", NULL};
    static const char *const caches[] = {"default",     "no-store",       "reload", "no-cache",
                                         "force-cache", "only-if-cached", NULL};
    static const char *const credentials[] = {"omit", "same-origin", "include", NULL};
    static const char *const modes[] = {"same-origin", "no-cors", "cors", NULL};
    static const char *const policies[] = {"",
                                           "no-referrer",
                                           "no-referrer-when-downgrade",
                                           "same-origin",
                                           "origin",
                                           "strict-origin",
                                           "origin-when-cross-origin",
                                           "strict-origin-when-cross-origin",
                                           "unsafe-url",
                                           NULL};
    return take_enumeration(context, init, ATOM_REDIRECT, "redirect", redirects,
                            &request->redirect) == 0 &&
                   take_enumeration(context, init, ATOM_CACHE, "cache", caches, &request->cache) ==
                       0 &&
                   take_enumeration(context, init, ATOM_CREDENTIALS, "credentials", credentials,
                                    &request->credentials) == 0 &&
                   take_enumeration(context, init, ATOM_MODE, "mode", modes, &request->mode) == 0 &&
                   take_enumeration(context, init, ATOM_REFERRER_POLICY, "referrerPolicy", policies,
                                    &request->referrer_policy) == 0 &&
                   take_string(context, init, ATOM_REFERRER, &request->referrer) == 0 &&
                   take_string(context, init, ATOM_INTEGRITY, &request->integrity) == 0
               ? 0
               : -1;
}

static int take_method(JSContext *context, struct request *request, JSValueConst init)
{
    JSValue value = JS_GetProperty(context, init, engine_of(context)->atoms[ATOM_METHOD]);
    if (JS_IsException(value))
        return -1;
    if (JS_IsUndefined(value))
        return 0;
    JSValue method;
    int result = normalize_method(context, value, &method);
    JS_FreeValue(context, value);
    if (result == 0) {
        JS_FreeValue(context, request->method);
        request->method = method;
    }
    return result;
}

static int take_headers(JSContext *context, struct request *request, JSValueConst init)
{
    JSValue value = JS_GetProperty(context, init, engine_of(context)->atoms[ATOM_HEADERS]);
    if (JS_IsException(value))
        return -1;
    if (JS_IsUndefined(value))
        return 0;
    struct header_list *list = header_list_create();
    int result = -1;
    if (list == NULL)
        JS_ThrowOutOfMemory(context);
    else
        result = headers_fill(context, list, value);
    JS_FreeValue(context, value);
    if (result != 0) {
        header_list_release(list);
        return -1;
    }
    header_list_release(request->message.headers);
    request->message.headers = list;
    return 0;
}

static int take_signal(JSContext *context, struct request *request, JSValueConst init)
{
    struct engine *engine = engine_of(context);
    JSValue value = JS_GetProperty(context, init, engine->atoms[ATOM_SIGNAL]);
    if (JS_IsException(value))
        return -1;
    if (JS_IsUndefined(value))
        return 0;
    if (!JS_IsNull(value)) {
        JSValueConst argument = value;
        JSValue checked = engine_hook(engine, HOOK_ABORT_SIGNAL_OF, 1, &argument);
        if (JS_IsException(checked)) {
            JS_FreeValue(context, value);
            return -1;
        }
        JS_FreeValue(context, checked);
    }
    JS_FreeValue(context, request->signal);
    request->signal = JS_IsNull(value) ? JS_UNDEFINED : value;
    return 0;
}

/* The body of `init`, or of the request that this one is made from. */
static int take_body(JSContext *context, struct request *request, JSValueConst init,
                     JSValueConst from_object, struct request *from)
{
    struct engine *engine = engine_of(context);
    struct body *body = &request->message.body;
    JSValue value = JS_UNDEFINED;
    char *type = NULL;
    if (JS_IsObject(init))
        value = JS_GetProperty(context, init, engine->atoms[ATOM_BODY]);
    if (JS_IsException(value))
        return -1;
    bool is_given = !JS_IsUndefined(value) && !JS_IsNull(value);
    if (from != NULL && (decide_body(context, from) != 0)) {
        JS_FreeValue(context, value);
        return -1;
    }
    bool is_inherited =
        !is_given && JS_IsUndefined(value) && from != NULL && from->message.body.kind != BODY_NONE;
    if ((is_given || is_inherited) && is_bodyless_method(context, request->method)) {
        JS_FreeValue(context, value);
        JS_ThrowTypeError(context, "Request with GET/HEAD method cannot have body.");
        return -1;
    }
    if (is_given) {
        int result = body_extract(engine, value, body, &type);
        JS_FreeValue(context, value);
        return result != 0 ? -1 : message_set_content_type(engine, &request->message, type);
    }
    JS_FreeValue(context, value);
    if (!is_inherited)
        return 0;
    int is_unusable = body_is_unusable(engine, &from->message.body);
    if (is_unusable > 0)
        JS_ThrowTypeError(context, "Cannot construct a Request with a Request object that has "
                                   "already been used.");
    if (is_unusable != 0)
        return -1;
    return body_take(engine, from_object, &from->message.body, body);
}

static int fill(JSContext *context, struct request *request, JSValueConst input, JSValueConst init)
{
    struct request *from = request_of(context, input);
    if (from != NULL) {
        if (copy_request(context, request, from) != 0)
            return -1;
    } else {
        request->message.headers = header_list_create();
        request->method = JS_NewStringLen(context, "GET", 3);
        if (request->message.headers == NULL) {
            JS_ThrowOutOfMemory(context);
            return -1;
        }
        if (set_url(context, request, input) != 0)
            return -1;
    }
    request->is_body_decided = true;
    if (JS_IsObject(init)) {
        JSValue keepalive =
            JS_GetProperty(context, init, engine_of(context)->atoms[ATOM_KEEPALIVE]);
        if (JS_IsException(keepalive))
            return -1;
        if (!JS_IsUndefined(keepalive))
            request->keepalive = JS_ToBool(context, keepalive) > 0;
        JS_FreeValue(context, keepalive);
        if (take_method(context, request, init) != 0 || take_headers(context, request, init) != 0 ||
            take_enumerations(context, request, init) != 0 ||
            take_signal(context, request, init) != 0)
            return -1;
    }
    return take_body(context, request, init, input, from);
}

static JSValue js_constructor(JSContext *context, JSValueConst new_target, int argument_count,
                              JSValueConst *arguments)
{
    if (argument_count < 1)
        return JS_ThrowTypeError(context, "Request needs a URL or a Request");
    JSValueConst init = argument_count > 1 ? arguments[1] : JS_UNDEFINED;
    if (!JS_IsObject(init) && !JS_IsUndefined(init) && !JS_IsNull(init))
        return JS_ThrowTypeError(context, "Request: the second argument must be an object");
    JSValue object = class_new(context, new_target, engine_of(context)->classes.request);
    if (JS_IsException(object))
        return object;
    struct request *request = create(context, object);
    if (request == NULL || fill(context, request, arguments[0], init) != 0) {
        JS_FreeValue(context, object);
        return JS_EXCEPTION;
    }
    return object;
}

/* ---- Members ----------------------------------------------------------------------------------
 */

static struct request *this_request(JSContext *context, JSValueConst this_value)
{
    return JS_GetOpaque2(context, this_value, engine_of(context)->classes.request);
}

static JSValue js_get_method(JSContext *context, JSValueConst this_value)
{
    struct request *request = this_request(context, this_value);
    return request == NULL ? JS_EXCEPTION : request_method(context, request);
}

static JSValue js_get_url(JSContext *context, JSValueConst this_value)
{
    struct request *request = this_request(context, this_value);
    return request == NULL ? JS_EXCEPTION : request_url(context, request);
}

static JSValue js_get_headers(JSContext *context, JSValueConst this_value)
{
    struct request *request = this_request(context, this_value);
    if (request == NULL)
        return JS_EXCEPTION;
    struct message *message = &request->message;
    if (JS_IsUndefined(message->headers_object)) {
        struct header_list *headers = message_headers(context, message);
        JSValue object = headers == NULL ? JS_EXCEPTION : headers_new(context, headers);
        if (JS_IsException(object))
            return object;
        message->headers_object = object;
    }
    return JS_DupValue(context, message->headers_object);
}

static JSValue js_get_signal(JSContext *context, JSValueConst this_value)
{
    struct request *request = this_request(context, this_value);
    if (request == NULL)
        return JS_EXCEPTION;
    if (JS_IsUndefined(request->signal)) {
        JSValueConst parent = JS_NULL;
        JSValue signal = engine_hook(engine_of(context), HOOK_CREATE_ABORT_SIGNAL, 1, &parent);
        if (JS_IsException(signal))
            return signal;
        request->signal = signal;
    }
    return JS_DupValue(context, request->signal);
}

enum member {
    MEMBER_REDIRECT,
    MEMBER_CACHE,
    MEMBER_CREDENTIALS,
    MEMBER_MODE,
    MEMBER_REFERRER,
    MEMBER_REFERRER_POLICY,
    MEMBER_INTEGRITY,
};

static JSValue js_get_member(JSContext *context, JSValueConst this_value, int member)
{
    static const char *const defaults[] = {
        "follow", "default", "same-origin", "cors", "about:client", "", ""};
    struct request *request = this_request(context, this_value);
    if (request == NULL)
        return JS_EXCEPTION;
    const JSValue *values[] = {&request->redirect, &request->cache,    &request->credentials,
                               &request->mode,     &request->referrer, &request->referrer_policy,
                               &request->integrity};
    if (!JS_IsUndefined(*values[member]))
        return JS_DupValue(context, *values[member]);
    return JS_NewString(context, defaults[member]);
}

static JSValue js_get_keepalive(JSContext *context, JSValueConst this_value)
{
    struct request *request = this_request(context, this_value);
    return request == NULL ? JS_EXCEPTION : JS_NewBool(context, request->keepalive);
}

static JSValue js_get_constant(JSContext *context, JSValueConst this_value, int is_duplex)
{
    if (this_request(context, this_value) == NULL)
        return JS_EXCEPTION;
    return is_duplex ? JS_NewStringLen(context, "half", 4) : JS_NewStringLen(context, "", 0);
}

JSValue request_clone(JSContext *context, JSValueConst this_value)
{
    struct engine *engine = engine_of(context);
    struct request *request = this_request(context, this_value);
    if (request == NULL || decide_body(context, request) != 0)
        return JS_EXCEPTION;
    int is_unusable = body_is_unusable(engine, &request->message.body);
    if (is_unusable > 0)
        return JS_ThrowTypeError(context, "Request.clone: Body has already been consumed.");
    if (is_unusable < 0)
        return JS_EXCEPTION;
    JSValue object = JS_NewObjectClass(context, engine->classes.request);
    if (JS_IsException(object))
        return object;
    struct request *clone = create(context, object);
    if (clone == NULL || copy_request(context, clone, request) != 0 ||
        body_clone(engine, this_value, &request->message.body, &clone->message.body) != 0) {
        JS_FreeValue(context, object);
        return JS_EXCEPTION;
    }
    clone->is_body_decided = true;
    return object;
}

static JSValue js_clone(JSContext *context, JSValueConst this_value, int argument_count,
                        JSValueConst *arguments)
{
    (void)argument_count;
    (void)arguments;
    return request_clone(context, this_value);
}

static const JSCFunctionListEntry members[] = {
    CLASS_GETTER("method", js_get_method),
    CLASS_GETTER("url", js_get_url),
    CLASS_GETTER("headers", js_get_headers),
    CLASS_GETTER_MAGIC("destination", js_get_constant, 0),
    CLASS_GETTER_MAGIC("referrer", js_get_member, MEMBER_REFERRER),
    CLASS_GETTER_MAGIC("referrerPolicy", js_get_member, MEMBER_REFERRER_POLICY),
    CLASS_GETTER_MAGIC("mode", js_get_member, MEMBER_MODE),
    CLASS_GETTER_MAGIC("credentials", js_get_member, MEMBER_CREDENTIALS),
    CLASS_GETTER_MAGIC("cache", js_get_member, MEMBER_CACHE),
    CLASS_GETTER_MAGIC("redirect", js_get_member, MEMBER_REDIRECT),
    CLASS_GETTER_MAGIC("integrity", js_get_member, MEMBER_INTEGRITY),
    CLASS_GETTER("keepalive", js_get_keepalive),
    CLASS_GETTER("signal", js_get_signal),
    CLASS_GETTER_MAGIC("duplex", js_get_constant, 1),
    CLASS_METHOD("clone", 0, js_clone),
    CLASS_NAME("Request"),
};

static const struct class_definition request_class = {
    .name = "Request",
    .class_def = {.class_name = "Request", .finalizer = finalize, .gc_mark = mark},
    .constructor = js_constructor,
    .constructor_length = 1,
    .members = members,
    .member_count = sizeof(members) / sizeof(members[0]),
};

int request_register(JSContext *context, JSValueConst global)
{
    struct engine *engine = engine_of(context);
    if (class_register(context, global, &request_class, &engine->classes.request) != 0)
        return -1;
    JSValue prototype = JS_GetClassProto(context, engine->classes.request);
    int result = body_define(context, prototype);
    JS_FreeValue(context, prototype);
    return result;
}
