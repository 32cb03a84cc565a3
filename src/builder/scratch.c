/* SPDX-License-Identifier: AGPL-3.0-only */

#include "builder/scratch.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* What the walk down a folder may have open. */
#define WALK_DESCRIPTORS 16

int scratch_make(char ret_path[PATH_MAX], struct error *error)
{
    const char *said = getenv("TMPDIR");
    const char *base = said && said[0] == '/' ? said : "/tmp";
    int bytes = snprintf(ret_path, PATH_MAX, "%s/fn0-build-XXXXXX", base);
    if (bytes < 0 || bytes >= PATH_MAX)
        return error_set(error, ERROR_SYSTEM, "the path %s is too long", base);
    if (!mkdtemp(ret_path))
        return error_set_errno(error, errno, "cannot make a folder %s", ret_path);
    return 0;
}

static int remove_entry(const char *path, const struct stat *status, int kind, struct FTW *place)
{
    (void)status, (void)kind, (void)place;
    (void)remove(path);
    return 0;
}

void scratch_remove(const char *path)
{
    (void)nftw(path, remove_entry, WALK_DESCRIPTORS, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}
