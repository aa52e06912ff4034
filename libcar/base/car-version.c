/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <libcar/base/car-version.h>

/**
 * car_get_major_version:
 *
 * The major version of the library that runs, where %CAR_MAJOR_VERSION is that of the headers compiled against.
 *
 * Returns: the major version
 */
guint
car_get_major_version (void)
{
  return CAR_MAJOR_VERSION;
}

/**
 * car_get_minor_version:
 *
 * The minor version of the library that runs.
 *
 * Returns: the minor version
 */
guint
car_get_minor_version (void)
{
  return CAR_MINOR_VERSION;
}

/**
 * car_get_micro_version:
 *
 * The micro version of the library that runs.
 *
 * Returns: the micro version
 */
guint
car_get_micro_version (void)
{
  return CAR_MICRO_VERSION;
}
