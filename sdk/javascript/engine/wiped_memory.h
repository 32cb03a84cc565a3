/* SPDX-License-Identifier: Apache-2.0 */

/* Between begin and end memory that is freed is wiped: a snapshot holds every byte that is not
 * zero, and is the same for the same script only without what was left over. The component is
 * linked with --wrap for free and realloc. */

#ifndef FN0_JAVASCRIPT_WIPED_MEMORY_H
#define FN0_JAVASCRIPT_WIPED_MEMORY_H

/* From now on. Memory that was freed before is left as it is. */
void wiped_memory_begin(void);

/* Before the first call: there it would only cost. */
void wiped_memory_end(void);

#endif
