/* SPDX-License-Identifier: AGPL-3.0-only */

/* Any target as a path of an asset: none, or one that leads nowhere but down, hides nothing, and
 * names the same when it is encoded again. A real folder is asked, too, and nothing is opened that
 * is not in it: a file outside has what no file inside has. */

#include <ftw.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "assets/asset_file.h"
#include "assets/asset_path.h"
#include "base/check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static char folder[64];

static void put(const char *name, const char *text)
{
    char path[128];
    (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    check(file && fputs(text, file) >= 0 && fclose(file) == 0);
}

static void link_to(const char *target, const char *name)
{
    char path[128];
    (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
    check(symlink(target, path) == 0);
}

static int remove_entry(const char *path, const struct stat *status, int kind, struct FTW *place)
{
    (void)status, (void)kind, (void)place;
    return remove(path);
}

static void remove_folder(void)
{
    (void)nftw(folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

/* Links that lead everywhere. */
static void make_folder(void)
{
    char public[128];
    memcpy(folder, "/tmp/fn0-fuzz-assets-XXXXXX", 28);
    check(mkdtemp(folder) && atexit(remove_folder) == 0);
    (void)snprintf(public, sizeof(public), "%s/p", folder);
    check(mkdir(public, 0755) == 0);
    put("secret", "outside");
    put("p/a", "inside");
    put("p/.hidden", "outside");
    link_to("..", "p/u");
    link_to("/", "p/r");
    link_to("../secret", "p/s");
    link_to("a", "p/l");
    link_to("/proc/self/fd", "p/f");
}

static void check_parts(const char *path)
{
    bool first = true;
    check(path[0] != '/');
    for (const char *part = path; *part; first = false) {
        size_t bytes = strcspn(part, "/");
        check(bytes > 0 && bytes <= ASSET_PART_BYTES_MAX);
        check(part[0] != '.' || (first && bytes == 11 && memcmp(part, ".well-known", 11) == 0));
        for (size_t i = 0; i < bytes; i++)
            check((unsigned char)part[i] >= ' ' && part[i] != 0x7f && part[i] != '\\');
        part += bytes + (part[bytes] == '/');
    }
}

/* Every byte but the slashes as %XX. */
static void check_again(const char *path)
{
    char target[3 * ASSET_PATH_BYTES];
    char again[ASSET_PATH_BYTES];
    size_t bytes = 0;
    target[bytes++] = '/';
    for (const char *byte = path; *byte; byte++) {
        if (*byte == '/')
            target[bytes++] = '/';
        else
            bytes += (size_t)sprintf(target + bytes, "%%%02X", (unsigned char)*byte);
    }
    check(asset_path_read((struct slice){target, bytes}, again) && strcmp(again, path) == 0);
}

static void check_file(const char *path)
{
    const struct content_codings none = {.count = 0};
    char public[128];
    char text[16] = "";
    (void)snprintf(public, sizeof(public), "%s/p", folder);
    struct asset_file file = asset_file_open(public, path, &none, false);
    check(file.kind == ASSET_FILE || file.kind == ASSET_NONE);
    if (file.kind == ASSET_NONE)
        return;
    check(read(file.descriptor, text, sizeof(text)) == 6 && memcmp(text, "inside", 6) == 0);
    close(file.descriptor);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    struct slice target = {.data = (const char *)data, .bytes = bytes};
    char path[ASSET_PATH_BYTES];
    if (!folder[0])
        make_folder();
    if (!asset_path_read(target, path))
        return 0;
    check_parts(path);
    check_again(path);
    check_file(path);
    return 0;
}
