/* SPDX-License-Identifier: Apache-2.0 */

/* A compiled script without what only a debugger or an error's position needs. Part of
 * quickjs_engine.c. */

static void forget_name(JSContext *context, JSAtom *name)
{
    JS_FreeAtom(context, *name);
    *name = JS_ATOM_NULL;
}

static void strip_function(JSContext *context, JSFunctionBytecode *function)
{
    function->pc2line_len = 0;
    for (int i = 0; function->vardefs != NULL && i < function->arg_count + function->var_count;
         i++) {
        forget_name(context, &function->vardefs[i].var_name);
        function->vardefs[i].scope_level = 0; /* of use to a direct eval alone */
        function->vardefs[i].scope_next = 0;
    }
    if (function->var_ref_count == 0)
        function->vardefs = NULL; /* they say how variables are captured */
    for (int i = 0; i < function->closure_var_count; i++) {
        JSClosureVar *variable = &function->closure_var[i];
        if (variable->closure_type == JS_CLOSURE_LOCAL ||
            variable->closure_type == JS_CLOSURE_ARG || variable->closure_type == JS_CLOSURE_REF)
            forget_name(context, &variable->var_name);
    }
}

void quickjs_strip(JSContext *context, JSValueConst script)
{
    if (JS_VALUE_GET_TAG(script) != JS_TAG_FUNCTION_BYTECODE)
        return;
    JSFunctionBytecode *function = JS_VALUE_GET_PTR(script);
    strip_function(context, function);
    for (int i = 0; i < function->cpool_count; i++)
        quickjs_strip(context, function->cpool[i]);
}
