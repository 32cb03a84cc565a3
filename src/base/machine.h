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

#endif
