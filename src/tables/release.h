/* SPDX-License-Identifier: AGPL-3.0-only */

/* The release of this program, as `fn0 --version` and the line of a host that serves say it. */

#ifndef FN0_TABLES_RELEASE_H
#define FN0_TABLES_RELEASE_H

#define FN0_RELEASE "0.1.0"

#endif
