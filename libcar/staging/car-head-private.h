/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The source and the report that every envelope begins with (protocol.md, "The envelope"). */

typedef enum
{
  CAR_HEAD_SOURCE, /* the source's key */
  CAR_HEAD_SOURCE_NAME,
  CAR_HEAD_SOURCE_DESCRIPTION,
  CAR_HEAD_PRODUCT_LINK,
  CAR_HEAD_REPORT_TYPE,
  CAR_HEAD_REPORT_DESCRIPTION,
  CAR_HEAD_N_TEXTS,
} CarHeadText;

/* Each is the text of a JSON object. A text that is NULL is left out; a source without a name has its key for one. */
char *car_head_write_source (char *const texts[CAR_HEAD_N_TEXTS]);
char *car_head_write_report (char *const texts[CAR_HEAD_N_TEXTS], const char *report_key);

G_END_DECLS
