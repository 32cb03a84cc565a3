/* SPDX-License-Identifier: Apache-2.0 */

#include "absolute_url.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ada_c.h"
#include "support.h"

JSValue absolute_url(JSContext *context, JSValueConst value)
{
    size_t bytes;
    const char *text = support_to_usv_string(context, value, &bytes);
    if (text == NULL)
        return JS_EXCEPTION;
    ada_url url = ada_parse(text, bytes);
    JSValue result;
    if (url != NULL && ada_is_valid(url)) {
        ada_string href = ada_get_href(url);
        result = JS_NewStringLen(context, href.data, href.length);
    } else {
        result = JS_ThrowTypeError(context, "Invalid URL: %.200s", text);
    }
    ada_free(url);
    JS_FreeCString(context, text);
    return result;
}
