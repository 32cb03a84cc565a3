/* SPDX-License-Identifier: AGPL-3.0-only */

/* Makes components of Python: componentize-py takes CPython, the author's module and what it
 * imports, and a snapshot of them. The SDK is a folder that holds
 *
 *     fn0.py    the module that a function imports
 *     wit/      the world that the component is made for
 *
 * componentize-py is that of .venv in the project's folder, else the one on PATH. The thread of the
 * builder. */

#ifndef FN0_BUILDER_PYTHON_H
#define FN0_BUILDER_PYTHON_H

#include <limits.h>

#include "base/buffer.h"
#include "base/error.h"
#include "builder/builder.h"

/* Writes where the SDK is: `named`, or, where that is NULL or empty, sdk/python beside the program
 * in the folder `program_folder`. ERROR_NOT_FOUND, and what to do, where it is not whole. */
int python_find_sdk(const char *named, const char *program_folder, char ret_path[PATH_MAX],
                    struct error *error);

/* Builds `entry`, seen from `folder` (absolute), with what lies between in `work`, a folder in
 * there; adds the component to `content`; which files it is made of the tool
 * does not tell, so nothing is added to `sources`. componentize-py says on stderr what is wrong
 * with the source: ERROR_COMPONENT_INVALID. ERROR_NOT_FOUND where it is missing;
 * ERROR_CONFIGURATION where the entry's name is none of a module. */
int python_build(struct builder *builder, const char *sdk, const char *folder, const char *entry,
                 const char *work, struct buffer *content, struct buffer *sources,
                 struct error *error);

#endif
