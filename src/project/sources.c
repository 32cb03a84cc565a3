/* SPDX-License-Identifier: AGPL-3.0-only */

#include "project/sources.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"

#define TEXT_BYTES_MAX (4u << 20)
#define MODE 0644

/* The first line of a list that everything else counts beside. */
#define ALL "**"

/* Splits the text into its lines. */
static int split(struct sources *sources)
{
    struct slice text = buffer_slice(&sources->text);
    size_t lines = 0;
    for (size_t i = 0; i < text.bytes; i++)
        lines += text.data[i] == '\n';
    sources->paths = calloc(lines + 1, sizeof(sources->paths[0]));
    if (!sources->paths)
        return ERROR_OUT_OF_MEMORY;
    for (char *line = (char *)text.data, *end; lines > 0; lines--, line = end + 1) {
        end = strchr(line, '\n');
        *end = '\0';
        if (line[0] == '/')
            sources->paths[sources->count++] = line;
        else if (strcmp(line, ALL) == 0)
            sources->all = true;
    }
    return 0;
}

void sources_init_all(struct sources *sources)
{
    *sources = (struct sources){.all = true};
    buffer_init(&sources->text, TEXT_BYTES_MAX);
}

void sources_read(const struct project *project, struct sources *ret_sources)
{
    sources_init_all(ret_sources);
    ret_sources->all = false;
    /* A zero behind it, so that it is a string. */
    if (file_read(project->sources, &ret_sources->text, NULL, NULL) != 0 ||
        buffer_append(&ret_sources->text, (struct slice){"\n", sizeof("\n")}) != 0 ||
        split(ret_sources) != 0)
        ret_sources->all = true;
}

void sources_fini(struct sources *sources)
{
    free(sources->paths);
    buffer_fini(&sources->text);
}

static int compare(const void *one, const void *other)
{
    return strcmp(*(const char *const *)one, *(const char *const *)other);
}

bool sources_has(const struct sources *sources, const char *path)
{
    return sources->count > 0 && bsearch(&path, sources->paths, sources->count,
                                         sizeof(sources->paths[0]), compare) != NULL;
}

static int write_list(const struct project *project, const struct sources *sources,
                      struct error *error)
{
    struct buffer text;
    buffer_init(&text, TEXT_BYTES_MAX);
    int code = sources->all ? buffer_append(&text, SLICE(ALL "\n")) : 0;
    for (size_t i = 0; i < sources->count && code == 0; i++)
        code = buffer_print(&text, "%s\n", sources->paths[i]);
    if (code)
        error_set_memory(error);
    else
        code = file_write_soon(project->sources, buffer_slice(&text), MODE, error);
    buffer_fini(&text);
    return code;
}

int sources_keep(const struct project *project, struct slice lines, struct error *error)
{
    struct sources sources = {.all = false};
    buffer_init(&sources.text, TEXT_BYTES_MAX);
    int code = buffer_append(&sources.text, lines);
    if (code == 0)
        code = buffer_append(&sources.text, (struct slice){"\n", sizeof("\n")});
    if (code == 0)
        code = split(&sources);
    if (code)
        error_set_memory(error);
    if (code == 0 && sources.count > 0) {
        qsort(sources.paths, sources.count, sizeof(sources.paths[0]), compare);
        code = write_list(project, &sources, error);
    }
    if (code || sources.count == 0)
        (void)unlink(project->sources);
    sources_fini(&sources);
    return code;
}

void sources_doubt(const struct project *project)
{
    struct sources sources;
    sources_read(project, &sources);
    if (!sources.all) {
        sources.all = true;
        if (write_list(project, &sources, NULL) != 0)
            (void)unlink(project->sources);
    }
    sources_fini(&sources);
}

bool sources_are_newer(const struct project *project, uint64_t realtime_ns)
{
    struct sources sources;
    struct stat status;
    bool newer = false;
    sources_read(project, &sources);
    for (size_t i = 0; i < sources.count && !newer; i++)
        newer = stat(sources.paths[i], &status) == 0 &&
                (uint64_t)status.st_mtim.tv_sec * NANOSECONDS_PER_SECOND +
                        (uint64_t)status.st_mtim.tv_nsec >=
                    realtime_ns;
    sources_fini(&sources);
    return newer;
}
