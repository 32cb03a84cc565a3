/* SPDX-License-Identifier: Apache-2.0 */

#include <fn0.h>
#include <stdlib.h>

/* Answers every request. */
void fn0_handle(struct fn0_request *request)
{
    const char *name = fn0_query(request, "name");

    fn0_add_field(request, "content-type", "text/plain");
    /* A variable of fn0.toml's [environment], or of .env. */
    fn0_print(request, "%s, %s!\n", getenv("GREETING"), name ? name : "world");
}
