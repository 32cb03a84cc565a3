/* SPDX-License-Identifier: Apache-2.0 */

/* Number.prototype.toFixed for the few digits of prices and percentages, by integers. Part of
 * quickjs_engine.c. */

/* Of a double's 53 bits times 10 to this power 64 are enough. */
#define FIXED_DIGITS_MAX 3
#define FIXED_TEXT_BYTES 32

/* ECMA-262, 21.1.3.3: the integer n for which n / 10^digits is nearest to a finite number from 0 to
 * 2^53, the larger one of two. */
static uint64_t number_nearest(double number, uint64_t power)
{
    uint64_t bits;
    memcpy(&bits, &number, sizeof(bits));
    int exponent = (int)(bits >> 52);
    uint64_t mantissa = bits & (((uint64_t)1 << 52) - 1);
    if (exponent == 0)
        return 0; /* 0, or next to it */
    int shift = 1075 - exponent;
    uint64_t product = (mantissa | (uint64_t)1 << 52) * power;
    if (shift == 0)
        return product;
    return shift > 63 ? 0 : (product + ((uint64_t)1 << (shift - 1))) >> shift;
}

/* Writes a number of at most three decimals, and of at most 15 digits with them: no two of those
 * are the same double, so that it is the shortest text. Returns its bytes; 0 for any other number.
 */
static size_t number_write_decimals(char text[static FIXED_TEXT_BYTES], double number)
{
    size_t used = 0;
    if (!(fabs(number) < 1e11))
        return 0;
    uint64_t thousandths = (uint64_t)(fabs(number) * 1000 + 0.5);
    if (thousandths == 0 || (double)thousandths / 1000 != fabs(number))
        return 0;
    if (number < 0)
        text[used++] = '-';
    used += u64toa(text + used, thousandths / 1000);
    if (thousandths % 1000 > 0)
        text[used++] = '.';
    for (uint64_t rest = thousandths % 1000; rest > 0; rest = rest * 10 % 1000)
        text[used++] = (char)('0' + rest / 100);
    return used;
}

static JSValue number_to_fixed(JSContext *context, JSValueConst this_value, int argument_count,
                               JSValueConst *arguments)
{
    static const uint64_t powers[] = {1, 10, 100, 1000};
    char text[FIXED_TEXT_BYTES];
    size_t used = 0;
    double number = JS_VALUE_GET_TAG(this_value) == JS_TAG_INT ? JS_VALUE_GET_INT(this_value)
                    : JS_TAG_IS_FLOAT64(JS_VALUE_GET_TAG(this_value))
                        ? JS_VALUE_GET_FLOAT64(this_value)
                        : NAN;
    int digits = JS_VALUE_GET_TAG(arguments[0]) == JS_TAG_INT ? JS_VALUE_GET_INT(arguments[0]) : -1;
    if (!(fabs(number) < 9007199254740992.0) || digits < 0 || digits > FIXED_DIGITS_MAX)
        return js_number_toFixed(context, this_value, argument_count, arguments);
    uint64_t nearest = number_nearest(fabs(number), powers[digits]);
    if (number < 0)
        text[used++] = '-';
    used += u64toa(text + used, nearest / powers[digits]);
    if (digits > 0)
        text[used++] = '.';
    for (int i = digits - 1; i >= 0; i--)
        text[used++] = (char)('0' + nearest / powers[i] % 10);
    return js_new_string8_len(context, text, (int)used);
}

static bool number_replace_functions(JSContext *context)
{
    JSAtom name = JS_NewAtom(context, "toFixed");
    bool is_done = name != JS_ATOM_NULL &&
                   JS_DefinePropertyValue(context, context->class_proto[JS_CLASS_NUMBER], name,
                                          JS_NewCFunction(context, number_to_fixed, "toFixed", 1),
                                          JS_PROP_WRITABLE | JS_PROP_CONFIGURABLE) >= 0;
    JS_FreeAtom(context, name);
    return is_done;
}
