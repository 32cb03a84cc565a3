/* SPDX-License-Identifier: Apache-2.0 */

#include "introspection.h"

static JSValue js_class_identifier(JSContext *context, JSValueConst this_value, int argument_count,
                                   JSValueConst *arguments)
{
    (void)this_value;
    (void)argument_count;
    return JS_NewUint32(context, JS_IsObject(arguments[0]) ? JS_GetClassID(arguments[0]) : 0);
}

static JSValue js_proxy_details(JSContext *context, JSValueConst this_value, int argument_count,
                                JSValueConst *arguments)
{
    (void)this_value;
    (void)argument_count;
    if (!JS_IsProxy(arguments[0])) {
        return JS_UNDEFINED;
    }
    JSValue target = JS_GetProxyTarget(context, arguments[0]);
    JSValue handler = JS_GetProxyHandler(context, arguments[0]);
    if (JS_IsException(target) || JS_IsException(handler)) {
        /* A revoked one: the engine throws. */
        JS_FreeValue(context, JS_GetException(context));
        JS_FreeValue(context, target);
        JS_FreeValue(context, handler);
        target = JS_NULL;
        handler = JS_NULL;
    }
    JSValue details = JS_NewArray(context);
    if (JS_IsException(details)) {
        JS_FreeValue(context, target);
        JS_FreeValue(context, handler);
        return JS_EXCEPTION;
    }
    /* Setting takes the value over, even when it fails. */
    if (JS_SetPropertyUint32(context, details, 0, target) < 0) {
        JS_FreeValue(context, handler);
        JS_FreeValue(context, details);
        return JS_EXCEPTION;
    }
    if (JS_SetPropertyUint32(context, details, 1, handler) < 0) {
        JS_FreeValue(context, details);
        return JS_EXCEPTION;
    }
    return details;
}

static const JSCFunctionListEntry functions[] = {
    JS_CFUNC_DEF("classIdentifier", 1, js_class_identifier),
    JS_CFUNC_DEF("proxyDetails", 1, js_proxy_details),
};

int introspection_register(JSContext *context, JSValueConst native)
{
    return JS_SetPropertyFunctionList(context, native, functions,
                                      sizeof functions / sizeof functions[0]);
}
