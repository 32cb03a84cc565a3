/* SPDX-License-Identifier: AGPL-3.0-only */

/* What this process may use of the machine: for defaults only, which are asked for once, at the
 * start. Reads files of the system; where these cannot be read the machine counts whole. Any
 * thread. */

#ifndef FN0_BASE_MACHINE_H
#define FN0_BASE_MACHINE_H

#include <stdint.h>

/* Cores that this process may run on (sched_getaffinity); at least 1. */
uint64_t machine_cores(void);

/* Memory in bytes: the machine's, or what the control group allows this process (cgroup 2),
 * whichever is less. Never 0. */
uint64_t machine_memory_bytes(void);

/* What control groups allow in bytes, for machine_memory_bytes and for tests: the least of the
 * process's own group and those above it. `own` is the file that names the own group
 * (/proc/self/cgroup), `root` the folder where groups are mounted. LIMIT_NONE: nothing is said. */
uint64_t machine_group_memory_bytes(const char *own, const char *root);

#endif
