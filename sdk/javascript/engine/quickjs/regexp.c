/* SPDX-License-Identifier: Apache-2.0 */

/* Regular expressions that nobody has changed, run without the objects that the language describes
 * each step by: `flags`, test, search and replace. Whoever overrides RegExp's methods or an
 * expression's own properties, and what is rare, gets QuickJS's functions. Part of
 * quickjs_engine.c. */

/* Captures, and what the interpreter keeps beside them, beyond which malloc is asked. */
#define REGEXP_CAPTURES_AT_HAND 32

/* What RegExp.prototype was like before any script ran. */
struct regexp_prototype {
    JSShape *shape;         /* holds a reference */
    JSProperty *properties; /* a copy; holds no references */
};

static struct regexp_prototype *regexp_prototype_of(JSContext *context);

/* Functions come to be when they are first asked for, which changes the property. */
static bool regexp_prototype_complete(JSContext *context, JSObject *prototype)
{
    bool is_done = true;
    for (int i = 0; i < prototype->shape->prop_count && is_done; i++) {
        const JSShapeProperty *shape = &get_shape_prop(prototype->shape)[i];
        is_done = (shape->flags & JS_PROP_TMASK) != JS_PROP_AUTOINIT ||
                  JS_AutoInitProperty(context, prototype, shape->atom, &prototype->prop[i],
                                      (JSShapeProperty *)shape) >= 0;
    }
    return is_done;
}

/* Remembers what RegExp.prototype is like now. */
static bool regexp_prototype_init(JSContext *context, struct regexp_prototype *original)
{
    JSObject *prototype = JS_VALUE_GET_OBJ(context->class_proto[JS_CLASS_REGEXP]);
    if (!regexp_prototype_complete(context, prototype))
        return false;
    size_t bytes = (size_t)prototype->shape->prop_count * sizeof(JSProperty);
    original->properties = malloc(bytes);
    if (original->properties == NULL)
        return false;
    memcpy(original->properties, prototype->prop, bytes);
    original->shape = js_dup_shape(prototype->shape);
    return true;
}

static void regexp_prototype_fini(JSRuntime *runtime, struct regexp_prototype *original)
{
    js_free_shape_null(runtime, original->shape);
    free(original->properties);
}

/* By words: the C library's memcmp goes byte by byte here, and this is asked for each match. */
static bool regexp_same_properties(const JSProperty *some, const JSProperty *others, int count)
{
    for (size_t offset = 0; offset < (size_t)count * sizeof(JSProperty); offset += 8) {
        uint64_t one;
        uint64_t other;
        memcpy(&one, (const uint8_t *)some + offset, sizeof(one));
        memcpy(&other, (const uint8_t *)others + offset, sizeof(other));
        if (one != other)
            return false;
    }
    return true;
}

/* A reference to the old shape makes every added or changed property another one's; a changed value
 * is found by comparing. */
static bool regexp_prototype_is_original(JSContext *context)
{
    const struct regexp_prototype *original = regexp_prototype_of(context);
    const JSObject *prototype = JS_VALUE_GET_OBJ(context->class_proto[JS_CLASS_REGEXP]);
    return original != NULL && prototype->shape == original->shape &&
           regexp_same_properties(prototype->prop, original->properties,
                                  original->shape->prop_count);
}

/* The expression, or NULL where it is not an ordinary one. */
static JSRegExp *regexp_ordinary(JSContext *context, JSValueConst value)
{
    if (JS_VALUE_GET_TAG(value) != JS_TAG_OBJECT)
        return NULL;
    JSObject *object = JS_VALUE_GET_OBJ(value);
    if (object->class_id != JS_CLASS_REGEXP || object->shape != context->regexp_shape ||
        JS_VALUE_GET_TAG(object->prop[0].u.value) != JS_TAG_INT ||
        !regexp_prototype_is_original(context))
        return NULL;
    return &object->u.regexp;
}

static int regexp_flags(const JSRegExp *expression)
{
    return lre_get_flags(str8(expression->bytecode));
}

/* ---- flags --------------------------------------------------------------------------------- */

/* In the order in which `flags` names them. */
static const struct {
    int flag;
    char letter;
} regexp_letters[] = {
    {LRE_FLAG_INDICES, 'd'},      {LRE_FLAG_GLOBAL, 'g'}, {LRE_FLAG_IGNORECASE, 'i'},
    {LRE_FLAG_MULTILINE, 'm'},    {LRE_FLAG_DOTALL, 's'}, {LRE_FLAG_UNICODE, 'u'},
    {LRE_FLAG_UNICODE_SETS, 'v'}, {LRE_FLAG_STICKY, 'y'},
};

static JSValue regexp_get_flags(JSContext *context, JSValueConst this_value)
{
    char letters[countof(regexp_letters)];
    int count = 0;
    const JSRegExp *expression = regexp_ordinary(context, this_value);
    if (expression == NULL)
        return js_regexp_get_flags(context, this_value);
    int flags = regexp_flags(expression);
    for (size_t i = 0; i < countof(regexp_letters); i++)
        if (flags & regexp_letters[i].flag)
            letters[count++] = regexp_letters[i].letter;
    return js_new_string8_len(context, letters, count);
}

/* ---- One match -------------------------------------------------------------------------------
 */

struct regexp_run {
    JSContext *context;
    const uint8_t *bytecode;
    JSString *string;
    bool has_start; /* only a character of `start` can begin a match */
    struct regexp_start start;
    uint8_t **captures;
    uint8_t *captures_at_hand[REGEXP_CAPTURES_AT_HAND];
};

static bool regexp_run_init(struct regexp_run *run, JSContext *context, const JSRegExp *expression,
                            JSString *string)
{
    run->context = context;
    run->bytecode = str8(expression->bytecode);
    run->string = string;
    run->has_start = !string->is_wide_char && regexp_start_init(&run->start, run->bytecode);
    run->captures = run->captures_at_hand;
    int count = lre_get_alloc_count(run->bytecode);
    if (count > REGEXP_CAPTURES_AT_HAND)
        run->captures = js_malloc(context, sizeof(uint8_t *) * (size_t)count);
    return run->captures != NULL;
}

static void regexp_run_fini(struct regexp_run *run)
{
    if (run->captures != run->captures_at_hand)
        js_free(run->context, run->captures);
}

/* 1: found, 0: not, below 0: an error of libregexp's. */
static int regexp_run_from(struct regexp_run *run, int from)
{
    if (run->has_start) {
        const uint8_t *text = str8(run->string);
        while (from < (int)run->string->len && !regexp_start_has(&run->start, text[from]))
            from++;
        if (from == (int)run->string->len)
            return 0;
    }
    return lre_exec(run->captures, run->bytecode, str8(run->string), from, (int)run->string->len,
                    run->string->is_wide_char, run->context);
}

/* Where capture `number` begins or ends, or -1 where it took no part. */
static int regexp_run_position(const struct regexp_run *run, int number)
{
    const uint8_t *position = run->captures[number];
    return position == NULL ? -1
                            : (int)((position - str8(run->string)) >> run->string->is_wide_char);
}

/* Runs an ordinary expression that keeps no position once, from the string's beginning. Returns
 * what it found, or -2 where the general way must be gone; *ret_index is then not set. */
static int regexp_find(JSContext *context, JSValueConst this_value, JSValueConst string,
                       int *ret_index)
{
    struct regexp_run run;
    const JSRegExp *expression = regexp_ordinary(context, this_value);
    if (expression == NULL || JS_VALUE_GET_TAG(string) != JS_TAG_STRING ||
        (regexp_flags(expression) & LRE_FLAG_STICKY))
        return -2;
    if (!regexp_run_init(&run, context, expression, JS_VALUE_GET_STRING(string)))
        return -1;
    int found = regexp_run_from(&run, 0);
    if (found == 1)
        *ret_index = regexp_run_position(&run, 0);
    regexp_run_fini(&run);
    return found == 0 || found == 1 ? found : -2;
}

static JSValue regexp_test(JSContext *context, JSValueConst this_value, int argument_count,
                           JSValueConst *arguments)
{
    int index;
    const JSRegExp *expression = regexp_ordinary(context, this_value);
    if (expression == NULL || (regexp_flags(expression) & LRE_FLAG_GLOBAL))
        return js_regexp_test(context, this_value, argument_count, arguments);
    int found = regexp_find(context, this_value, arguments[0], &index);
    if (found == -2)
        return js_regexp_test(context, this_value, argument_count, arguments);
    return found < 0 ? JS_EXCEPTION : js_bool(found == 1);
}

static JSValue regexp_search(JSContext *context, JSValueConst this_value, int argument_count,
                             JSValueConst *arguments)
{
    int index = -1;
    int found = regexp_find(context, this_value, arguments[0], &index);
    if (found == -2)
        return js_regexp_Symbol_search(context, this_value, argument_count, arguments);
    return found < 0 ? JS_EXCEPTION : js_int32(index);
}

/* ---- replace ---------------------------------------------------------------------------------
 */

/* All matches of one replacing, found before the first replacement is made, since that may be a
 * function of the script's. */
struct regexp_matches {
    int *positions; /* begin and end of each capture, match by match */
    int per_match;  /* so many for each */
    int count;      /* of matches */
    int room;
};

static bool regexp_matches_add(struct regexp_matches *matches, const struct regexp_run *run)
{
    if (matches->count == matches->room) {
        int room = matches->room == 0 ? 4 : 2 * matches->room;
        int *positions = js_realloc(run->context, matches->positions,
                                    sizeof(int) * (size_t)room * (size_t)matches->per_match);
        if (positions == NULL)
            return false;
        matches->positions = positions;
        matches->room = room;
    }
    int *positions = matches->positions + matches->count++ * matches->per_match;
    for (int i = 0; i < matches->per_match; i++)
        positions[i] = regexp_run_position(run, i);
    return true;
}

/* 1: all are found, 0: the general way must be gone, -1: an exception. */
static int regexp_find_all(struct regexp_run *run, int flags, struct regexp_matches *matches)
{
    bool is_unicode = (flags & (LRE_FLAG_UNICODE | LRE_FLAG_UNICODE_SETS)) != 0;
    int from = 0;
    matches->per_match = 2 * lre_get_capture_count(run->bytecode);
    while (from <= (int)run->string->len) {
        int found = regexp_run_from(run, from);
        if (found < 0)
            return 0;
        if (found == 0)
            return 1;
        if (!regexp_matches_add(matches, run))
            return -1;
        if (!(flags & LRE_FLAG_GLOBAL))
            return 1;
        from = regexp_run_position(run, 1);
        if (from == regexp_run_position(run, 0))
            from = (int)string_advance_index(run->string, from, is_unicode);
    }
    return 1;
}

/* What the script's function makes of a match: (match, captures…, position, string). */
static JSValue regexp_call(struct regexp_run *run, JSValueConst function, const int *positions,
                           int count)
{
    JSContext *context = run->context;
    JSValue arguments_at_hand[16];
    JSValue *arguments = arguments_at_hand;
    JSValue result = JS_UNDEFINED;
    int filled = 0;
    if (count + 2 > (int)countof(arguments_at_hand))
        arguments = js_malloc(context, sizeof(JSValue) * ((size_t)count + 2));
    if (arguments == NULL)
        return JS_EXCEPTION;
    for (; filled < count && !JS_IsException(result); filled++) {
        const int *capture = positions + 2 * filled;
        arguments[filled] = capture[0] < 0 || capture[1] < 0
                                ? JS_UNDEFINED
                                : js_sub_string(context, run->string, capture[0], capture[1]);
        if (JS_IsException(arguments[filled]))
            result = JS_EXCEPTION;
    }
    arguments[filled] = js_int32(positions[0]);
    arguments[filled + 1] = JS_MKPTR(JS_TAG_STRING, run->string); /* borrowed */
    if (!JS_IsException(result))
        result = JS_ToStringFree(
            context, JS_Call(context, function, JS_UNDEFINED, filled + 2, vc(arguments)));
    for (int i = 0; i < filled; i++)
        JS_FreeValue(context, arguments[i]);
    if (arguments != arguments_at_hand)
        js_free(context, arguments);
    return result;
}

/* The string with each match replaced by what the function says, or by a string. */
static JSValue regexp_put_in(struct regexp_run *run, const struct regexp_matches *matches,
                             JSValueConst replacement)
{
    StringBuffer text;
    int done = 0;
    bool is_function = JS_IsFunction(run->context, replacement);
    if (matches->count == 0)
        return js_dup(JS_MKPTR(JS_TAG_STRING, run->string));
    string_buffer_init(run->context, &text, (int)run->string->len);
    for (int i = 0; i < matches->count; i++) {
        const int *positions = matches->positions + i * matches->per_match;
        JSValue part = is_function
                           ? regexp_call(run, replacement, positions, matches->per_match / 2)
                           : js_dup(replacement);
        if (JS_IsException(part) || string_buffer_concat(&text, run->string, done, positions[0]) ||
            string_buffer_concat_value(&text, part)) {
            JS_FreeValue(run->context, part);
            string_buffer_free(&text);
            return JS_EXCEPTION;
        }
        JS_FreeValue(run->context, part);
        done = positions[1];
    }
    if (string_buffer_concat(&text, run->string, done, run->string->len)) {
        string_buffer_free(&text);
        return JS_EXCEPTION;
    }
    return string_buffer_end(&text);
}

/* A replacement that is put in as it is, or makes one. */
static bool regexp_is_simple_replacement(JSContext *context, JSValueConst replacement)
{
    if (JS_VALUE_GET_TAG(replacement) == JS_TAG_STRING)
        return string_indexof_char(JS_VALUE_GET_STRING(replacement), '$', 0) < 0;
    return JS_IsFunction(context, replacement);
}

static JSValue regexp_replace(JSContext *context, JSValueConst this_value, int argument_count,
                              JSValueConst *arguments)
{
    struct regexp_run run;
    struct regexp_matches matches = {0};
    JSValue result = JS_EXCEPTION;
    const JSRegExp *expression = regexp_ordinary(context, this_value);
    int flags = expression == NULL ? LRE_FLAG_STICKY : regexp_flags(expression);
    if ((flags & (LRE_FLAG_STICKY | LRE_FLAG_NAMED_GROUPS)) ||
        JS_VALUE_GET_TAG(arguments[0]) != JS_TAG_STRING ||
        !regexp_is_simple_replacement(context, arguments[1]) ||
        !regexp_run_init(&run, context, expression, JS_VALUE_GET_STRING(arguments[0])))
        return js_regexp_Symbol_replace(context, this_value, argument_count, arguments);
    int found = regexp_find_all(&run, flags, &matches);
    if (found == 1) {
        if (flags & LRE_FLAG_GLOBAL)
            JS_VALUE_GET_OBJ(this_value)->prop[0].u.value = js_int32(0); /* lastIndex */
        result = regexp_put_in(&run, &matches, arguments[1]);
    }
    js_free(context, matches.positions);
    regexp_run_fini(&run);
    return found == 0 ? js_regexp_Symbol_replace(context, this_value, argument_count, arguments)
                      : result;
}

static bool regexp_define(JSContext *context, JSAtom name, const char *function_name, int length,
                          JSCFunction *function)
{
    return JS_DefinePropertyValue(context, context->class_proto[JS_CLASS_REGEXP], name,
                                  JS_NewCFunction(context, function, function_name, length),
                                  JS_PROP_WRITABLE | JS_PROP_CONFIGURABLE) >= 0;
}

static bool regexp_replace_functions(JSContext *context)
{
    JSCFunctionType flags = {.getter = regexp_get_flags};
    JSAtom test = JS_NewAtom(context, "test");
    JSValue getter = JS_NewCFunction2(context, flags.generic, "get flags", 0, JS_CFUNC_getter, 0);
    bool is_done =
        JS_DefinePropertyGetSet(context, context->class_proto[JS_CLASS_REGEXP], JS_ATOM_flags,
                                getter, JS_UNDEFINED, JS_PROP_CONFIGURABLE) >= 0 &&
        regexp_define(context, test, "test", 1, regexp_test) &&
        regexp_define(context, JS_ATOM_Symbol_replace, "[Symbol.replace]", 2, regexp_replace) &&
        regexp_define(context, JS_ATOM_Symbol_search, "[Symbol.search]", 1, regexp_search);
    JS_FreeAtom(context, test);
    return is_done;
}
