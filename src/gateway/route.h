/* SPDX-License-Identifier: AGPL-3.0-only */

/* From the authority of a request to the name of a function: the first label of the host name, in
 * lower case.
 *
 *     Hello.example.com:8080     hello
 *     hello.localhost            hello
 *     hello.                     hello
 *     127.0.0.1, [::1]:80        none: an address
 *     2130706433                 none: 127.0.0.1 for a browser
 *     hel_lo.example.com         none: no name of a function
 *
 * What comes after the first label is not looked at: which domains lead here is the business of
 * those who run them. Any thread; nothing is allocated. */

#ifndef FN0_GATEWAY_ROUTE_H
#define FN0_GATEWAY_ROUTE_H

#include <stdbool.h>

#include "base/identifier.h"
#include "base/slice.h"

/* Writes the function's name, terminated. False where the authority names none: it is empty, an
 * IPv4 or IPv6 address, or its first label is no name of a function (base/identifier.h). A host
 * whose last label is a number is an address, as browsers have it. */
bool route_name(struct slice authority, char ret_name[FUNCTION_NAME_TEXT_BYTES]);

#endif
