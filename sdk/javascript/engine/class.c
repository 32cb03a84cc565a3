/* SPDX-License-Identifier: Apache-2.0 */

#include "class.h"

int class_register(JSContext *context, JSValueConst target,
                   const struct class_definition *definition, JSClassID *ret_id)
{
    JSRuntime *runtime = JS_GetRuntime(context);
    JS_NewClassID(runtime, ret_id);
    if (JS_NewClass(runtime, *ret_id, &definition->class_def) != 0)
        return -1;
    JSValue prototype = JS_NewObject(context);
    if (JS_IsException(prototype))
        return -1;
    if (JS_SetPropertyFunctionList(context, prototype, definition->members,
                                   definition->member_count) != 0) {
        JS_FreeValue(context, prototype);
        return -1;
    }
    if (definition->constructor != NULL) {
        JSValue constructor =
            JS_NewCFunction2(context, definition->constructor, definition->name,
                             definition->constructor_length, JS_CFUNC_constructor, 0);
        if (JS_IsException(constructor) ||
            JS_SetConstructor(context, constructor, prototype) != 0 ||
            (definition->static_count > 0 &&
             JS_SetPropertyFunctionList(context, constructor, definition->statics,
                                        definition->static_count) != 0) ||
            JS_DefinePropertyValueStr(context, target, definition->name, constructor,
                                      JS_PROP_WRITABLE | JS_PROP_CONFIGURABLE) < 0) {
            JS_FreeValue(context, prototype);
            return -1;
        }
    }
    JS_SetClassProto(context, *ret_id, prototype);
    return 0;
}

int class_inherit_from_iterator(JSContext *context, JSClassID class_id)
{
    JSValue global = JS_GetGlobalObject(context);
    JSValue iterator = JS_GetPropertyStr(context, global, "Iterator");
    JSValue parent = JS_GetPropertyStr(context, iterator, "prototype");
    JSValue prototype = JS_GetClassProto(context, class_id);
    int result = JS_SetPrototype(context, prototype, parent);
    JS_FreeValue(context, prototype);
    JS_FreeValue(context, parent);
    JS_FreeValue(context, iterator);
    JS_FreeValue(context, global);
    return result < 0 ? -1 : 0;
}

JSValue class_new(JSContext *context, JSValueConst new_target, JSClassID class_id)
{
    JSValue prototype = JS_GetPropertyStr(context, new_target, "prototype");
    if (JS_IsException(prototype))
        return prototype;
    JSValue object = JS_IsObject(prototype) ? JS_NewObjectProtoClass(context, prototype, class_id)
                                            : JS_NewObjectClass(context, class_id);
    JS_FreeValue(context, prototype);
    return object;
}
