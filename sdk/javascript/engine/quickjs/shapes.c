/* SPDX-License-Identifier: Apache-2.0 */

/* Shapes that stay for the next call's objects, and a short way to add properties. Part of
 * quickjs_engine.c. */

#define SHAPES_SEEN 1024
#define SHAPES_KEPT 512
#define SHAPE_PROPERTIES_MAX 32
#define STEPS_KEPT 1024
#define FUNCTIONS_KEPT 4

/* A shape, and the one that it becomes by a property. Holds a reference to both. */
struct shape_step {
    JSShape *from;
    JSShape *to;
    JSAtom name;
    int flags;
};

struct shapes {
    uint32_t seen[SHAPES_SEEN];                  /* hashes of shapes that were made once */
    JSShape *kept[SHAPES_KEPT];                  /* a ring; each holds a reference */
    uint32_t next;                               /* of the ring */
    struct shape_step steps[STEPS_KEPT];         /* by hash */
    struct shape_step functions[FUNCTIONS_KEPT]; /* from no property to length and name */
    uint32_t next_function;                      /* of that ring */
    struct regexp_prototype regexp_prototype;
};

bool quickjs_remember_shapes(JSRuntime *runtime)
{
    struct shapes *shapes = calloc(1, sizeof(*shapes));
    JS_SetRuntimeOpaque(runtime, shapes);
    return shapes != NULL;
}

void quickjs_forget_shapes(JSRuntime *runtime)
{
    struct shapes *shapes = JS_GetRuntimeOpaque(runtime);
    JS_SetRuntimeOpaque(runtime, NULL);
    for (uint32_t i = 0; shapes != NULL && i < SHAPES_KEPT; i++)
        js_free_shape_null(runtime, shapes->kept[i]);
    for (uint32_t i = 0; shapes != NULL && i < STEPS_KEPT; i++) {
        js_free_shape_null(runtime, shapes->steps[i].from);
        js_free_shape_null(runtime, shapes->steps[i].to);
    }
    for (uint32_t i = 0; shapes != NULL && i < FUNCTIONS_KEPT; i++) {
        js_free_shape_null(runtime, shapes->functions[i].from);
        js_free_shape_null(runtime, shapes->functions[i].to);
    }
    if (shapes != NULL)
        regexp_prototype_fini(runtime, &shapes->regexp_prototype);
    free(shapes);
}

/* Whether a shape may stay for its own sake. */
static bool shape_may_stay(const JSShape *shape)
{
    return shape->prop_count <= SHAPE_PROPERTIES_MAX &&
           (shape->proto == NULL || js_rc(shape->proto)->kept);
}

/* A shape that is made a second time is likely to be made by each call. One whose prototype is new
 * is not: keeping it would keep the prototype, and what that refers to. Large ones are dictionaries
 * rather than records, and a kept shape is copied when a property is added to it. */
static void quickjs_note_shape(JSRuntime *runtime, JSShape *shape)
{
    struct shapes *shapes = JS_GetRuntimeOpaque(runtime);
    if (shapes == NULL || !shape->is_hashed || !shape_may_stay(shape))
        return;
    uint32_t *seen = &shapes->seen[shape->hash % SHAPES_SEEN];
    if (*seen != shape->hash) {
        *seen = shape->hash;
        return;
    }
    JSShape *oldest = shapes->kept[shapes->next];
    shapes->kept[shapes->next] = js_dup_shape(shape);
    shapes->next = (shapes->next + 1) % SHAPES_KEPT;
    js_free_shape_null(runtime, oldest);
}

/* find_hashed_shape_prop, which compares all properties of both shapes, for steps not seen lately.
 */
static JSShape *quickjs_next_shape(JSRuntime *runtime, JSShape *from, JSAtom name, int flags)
{
    struct shapes *shapes = JS_GetRuntimeOpaque(runtime);
    if (shapes == NULL || !shape_may_stay(from))
        return find_hashed_shape_prop(runtime, from, name, flags);
    struct shape_step *step =
        &shapes->steps[(from->hash ^ (name * 31) ^ (uint32_t)flags) % STEPS_KEPT];
    if (step->from == from && step->name == name && step->flags == flags)
        return step->to;
    JSShape *to = find_hashed_shape_prop(runtime, from, name, flags);
    if (to == NULL)
        return NULL;
    struct shape_step old = *step;
    *step = (struct shape_step){js_dup_shape(from), js_dup_shape(to), name, flags};
    js_free_shape_null(runtime, old.from);
    js_free_shape_null(runtime, old.to);
    return to;
}

/* Adds a property that an ordinary object does not have yet. 1: added, `value` is taken over; 0:
 * the general way must be gone; -1: an exception, and `value` is gone too. */
static int quickjs_define_new(JSContext *context, JSValueConst object, JSAtom name, JSValue value,
                              int flags)
{
    JSProperty *property;
    if (JS_VALUE_GET_TAG(object) != JS_TAG_OBJECT)
        return 0;
    JSObject *target = JS_VALUE_GET_OBJ(object);
    if (target->is_exotic || !target->extensible ||
        find_own_property(&property, target, name) != NULL)
        return 0;
    property = add_property(context, target, name, flags & JS_PROP_C_W_E);
    if (property == NULL) {
        JS_FreeValue(context, value);
        return -1;
    }
    property->u.value = value;
    return 1;
}

static const struct shape_step *function_step(const struct shapes *shapes, const JSShape *from)
{
    for (uint32_t i = 0; i < FUNCTIONS_KEPT; i++)
        if (shapes->functions[i].from == from)
            return &shapes->functions[i];
    return NULL;
}

/* Makes a new function of the shape that others before it have come to: both properties at once. */
static bool name_as_before(JSContext *context, JSObject *function, const struct shape_step *step,
                           JSAtom name, int length)
{
    JSValue text = JS_AtomToString(context, name);
    if (JS_IsException(text))
        return false;
    JSShape *old = function->shape;
    function->shape = js_dup_shape(step->to);
    function->prop[0].u.value = js_int32(length);
    function->prop[1].u.value = text;
    js_free_shape(context->rt, old);
    return true;
}

static bool define_length_and_name(JSContext *context, JSValueConst function, JSAtom name,
                                   int length)
{
    return JS_DefinePropertyValue(context, function, JS_ATOM_length, js_int32(length),
                                  JS_PROP_CONFIGURABLE) >= 0 &&
           JS_DefinePropertyValue(context, function, JS_ATOM_name, JS_AtomToString(context, name),
                                  JS_PROP_CONFIGURABLE) >= 0;
}

/* Gives a new function its length and name. False: the general way must be gone. */
static bool quickjs_name_function(JSContext *context, JSValueConst value, JSAtom name, int length)
{
    struct shapes *shapes = JS_GetRuntimeOpaque(context->rt);
    JSObject *function = JS_VALUE_GET_OBJ(value);
    JSShape *from = function->shape;
    if (shapes == NULL || from->prop_count != 0 || !from->is_hashed || !shape_may_stay(from))
        return false;
    const struct shape_step *step = function_step(shapes, from);
    if (step != NULL)
        return name_as_before(context, function, step, name, length);
    js_dup_shape(from);
    bool is_done = define_length_and_name(context, value, name, length);
    JSShape *to = function->shape;
    if (!is_done || to->prop_count != 2 || !to->is_hashed || to->prop_size != from->prop_size) {
        js_free_shape(context->rt, from);
        return is_done;
    }
    struct shape_step *kept = &shapes->functions[shapes->next_function++ % FUNCTIONS_KEPT];
    struct shape_step old = *kept;
    *kept = (struct shape_step){.from = from, .to = js_dup_shape(to)};
    js_free_shape_null(context->rt, old.from);
    js_free_shape_null(context->rt, old.to);
    return true;
}

static struct regexp_prototype *regexp_prototype_of(JSContext *context)
{
    struct shapes *shapes = JS_GetRuntimeOpaque(context->rt);
    return shapes == NULL ? NULL : &shapes->regexp_prototype;
}
