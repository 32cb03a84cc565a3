/* SPDX-License-Identifier: AGPL-3.0-only */

#include "base/machine.h"

#include <fcntl.h>
#include <sched.h>
#include <stddef.h>
#include <unistd.h>

#include "base/slice.h"
#include "base/units.h"

/* What a machine has that does not say. */
#define MEMORY_UNKNOWN_BYTES (1ull << 30)

uint64_t machine_cores(void)
{
    cpu_set_t cores;
    if (sched_getaffinity(0, sizeof(cores), &cores) == 0 && CPU_COUNT(&cores) > 0)
        return (uint64_t)CPU_COUNT(&cores);
    /* More than 1,024 cores don't fit the set. */
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    return online > 0 ? (uint64_t)online : 1;
}

/* The number in a file, or LIMIT_NONE ("max", no file). Inside of a container its own group is the
 * root that it sees. */
static uint64_t read_number(const char *path)
{
    char text[64];
    uint64_t number;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return LIMIT_NONE;
    ssize_t bytes = read(fd, text, sizeof(text));
    close(fd);
    if (bytes <= 0)
        return LIMIT_NONE;
    struct slice line = {.data = text, .bytes = (size_t)bytes};
    if (text[bytes - 1] == '\n')
        line.bytes--;
    return units_read_count(line, &number, NULL) == 0 ? number : LIMIT_NONE;
}

uint64_t machine_memory_bytes(void)
{
    long pages = sysconf(_SC_PHYS_PAGES);
    long page_bytes = sysconf(_SC_PAGESIZE);
    uint64_t bytes =
        pages > 0 && page_bytes > 0 ? (uint64_t)pages * (uint64_t)page_bytes : MEMORY_UNKNOWN_BYTES;
    uint64_t allowed = read_number("/sys/fs/cgroup/memory.max");
    return allowed > 0 && allowed < bytes ? allowed : bytes;
}
