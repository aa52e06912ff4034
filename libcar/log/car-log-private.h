/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* The log of the process, on standard error: JSON lines as in protocol.md, "Log", or text for people. All that GLib's
 * logging functions say, of any domain, comes through here once it is installed. */

typedef enum
{
  CAR_LOG_FORMAT_AUTO, /* text on a terminal, else JSON */
  CAR_LOG_FORMAT_JSON,
  CAR_LOG_FORMAT_TEXT,
} CarLogFormat;

gboolean car_log_parse_format (const char *name, CarLogFormat *format);

/* Installs the writer; the second time it does nothing. It holds lines back until car_log_set_up() says how they are to be
 * written: all lines of a process look alike. It writes them earlier where the process ends, and where they are many. */
void car_log_install (void);

/* `connector`, `source` and `version` are members of every JSON line; NULL where they are not known. */
void car_log_set_up (CarLogFormat format,
                     gboolean debug,
                     const char *connector,
                     const char *source,
                     const char *version);

/* From now on `***` stands for this text in every line, however it is spelt there (car-redaction-private.h). What the line says
 * of the connector, the source and the version is the operator's own, and stays. */
void car_log_add_secret (const char *secret);

/* The text as a line would show it. */
char *car_log_without_secrets (const char *text);

/* An ERROR line: GLib has no level for what went wrong but is no bug. */
void car_log_failure (const char *format, ...) G_GNUC_PRINTF (1, 2);

/* Whether people are watching: text, on a terminal, and by this log. */
gboolean car_log_is_interactive (void);

/* The line that stands below all others on a terminal, and is none of the log; NULL takes it away. */
void car_log_set_status (const char *status);

/* Text for people, as it is, without level or time; nothing is written where nobody is watching. */
void car_log_print (const char *text);

G_END_DECLS
