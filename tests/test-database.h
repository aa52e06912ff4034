/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* A new, empty database on the server that CAR_TEST_DATABASE names (tests/local_postgres.py); NULL where it names none: the test is
 * one of SQLite. */
char *test_database_new (void);

G_END_DECLS
