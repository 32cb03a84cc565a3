/* SPDX-License-Identifier: AGPL-3.0-only */

#include "base/machine.h"

#include <fcntl.h>
#include <sched.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/slice.h"
#include "base/units.h"

/* What a machine has that does not say. */
#define MEMORY_UNKNOWN_BYTES (1ull << 30)

/* Of what /proc says about groups; the kernel's paths are no longer. */
#define GROUP_BYTES_MAX 8192

uint64_t machine_cores(void)
{
    cpu_set_t cores;
    if (sched_getaffinity(0, sizeof(cores), &cores) == 0 && CPU_COUNT(&cores) > 0)
        return (uint64_t)CPU_COUNT(&cores);
    /* More than 1,024 cores don't fit the set. */
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    return online > 0 ? (uint64_t)online : 1;
}

/* The text of a small file, its last line end taken off; empty where there is none. */
static struct slice read_text(const char *path, char *memory, size_t bytes_max)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return (struct slice){.data = memory};
    ssize_t bytes = read(fd, memory, bytes_max);
    close(fd);
    if (bytes > 0 && memory[bytes - 1] == '\n')
        bytes--;
    return (struct slice){.data = memory, .bytes = bytes > 0 ? (size_t)bytes : 0};
}

/* What one group allows; LIMIT_NONE: "max", or the file is not there (the root's never is). */
static uint64_t group_allows(const char *root, struct slice group)
{
    char path[GROUP_BYTES_MAX * 2];
    char text[64];
    uint64_t number;
    int bytes =
        snprintf(path, sizeof(path), "%s%.*s/memory.max", root, (int)group.bytes, group.data);
    if (bytes < 0 || (size_t)bytes >= sizeof(path))
        return LIMIT_NONE;
    struct slice line = read_text(path, text, sizeof(text));
    return units_read_count(line, &number, NULL) == 0 ? number : LIMIT_NONE;
}

/* The own group in the lines of /proc/self/cgroup: "0::/path", and empty for the root. */
static struct slice own_group(struct slice lines)
{
    static const char prefix[] = "0::";
    const size_t prefix_bytes = sizeof(prefix) - 1;
    while (lines.bytes > 0) {
        const char *end = memchr(lines.data, '\n', lines.bytes);
        size_t bytes = end ? (size_t)(end - lines.data) : lines.bytes;
        if (bytes > prefix_bytes && memcmp(lines.data, prefix, prefix_bytes) == 0)
            return (struct slice){lines.data + prefix_bytes, bytes - prefix_bytes};
        size_t taken = end ? bytes + 1 : bytes;
        lines = (struct slice){lines.data + taken, lines.bytes - taken};
    }
    return lines;
}

uint64_t machine_group_memory_bytes(const char *own, const char *root)
{
    char text[GROUP_BYTES_MAX];
    struct slice group = own_group(read_text(own, text, sizeof(text)));
    uint64_t least = LIMIT_NONE;
    /* A container finds its own group at the root, whatever path it is told. */
    for (;;) {
        while (group.bytes > 0 && group.data[group.bytes - 1] == '/')
            group.bytes--;
        uint64_t allowed = group_allows(root, group);
        least = allowed < least ? allowed : least;
        if (group.bytes == 0)
            return least;
        while (group.bytes > 0 && group.data[group.bytes - 1] != '/')
            group.bytes--;
    }
}

uint64_t machine_memory_bytes(void)
{
    long pages = sysconf(_SC_PHYS_PAGES);
    long page_bytes = sysconf(_SC_PAGESIZE);
    uint64_t bytes =
        pages > 0 && page_bytes > 0 ? (uint64_t)pages * (uint64_t)page_bytes : MEMORY_UNKNOWN_BYTES;
    uint64_t allowed = machine_group_memory_bytes("/proc/self/cgroup", "/sys/fs/cgroup");
    return allowed > 0 && allowed < bytes ? allowed : bytes;
}
