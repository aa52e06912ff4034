/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <string.h>

#include <libcar/base/car-error.h>
#include <libcar/log/car-log-private.h>
#include <libcar/run/car-app.h>
#include <libcar/run/car-asset-server.h>
#include <libcar/run/car-contract-private.h>
#include <libcar/run/car-full-import.h>
#include <libcar/run/car-incremental-import.h>
#include <libcar/run/car-run-private.h>
#include <libcar/schema/car-schema-extension.h>
#include <libcar/settings/car-arguments-private.h>
#include <libcar/settings/car-connector-name-private.h>

#define CONFIG_FILE "configurations/config.json"

typedef struct
{
  CarSettings *settings;
  GCancellable *cancellable;
  char ***arguments; /* those that local_command_line() was given: what GOption leaves of them */
  gboolean parsed;   /* GOption took the others */
} CarAppPrivate;

/**
 * CarApp:
 *
 * A connector: a program that replicates a data source into a CAR service and keeps it in step.
 *
 * A connector's subclass makes the objects that do the work, [method@App.create_asset_server],
 * [method@App.create_full_import] and [method@App.create_incremental_import]; its `main` is
 * [method@Gio.Application.run], which returns the exit code (protocol.md, "Failures"). The app reads the settings, decides
 * which import is to be made, makes it, and says at its end what was done. `SIGINT` and `SIGTERM` stop a run in good
 * order, a second one at once.
 *
 * All settings of protocol.md are options, spelled `-source x`, `-source=x`, `--source x` or `--source=x`, and environment
 * variables; a connector adds its own with [method@App.add_setting]. Secrets given as options are wiped from the process
 * list when the run begins. A file in `/etc/secrets` that is named like the variable wins over both: it holds the value
 * encrypted (docs/running.md, "Encrypted settings").
 *
 * When it runs, the app installs the log of protocol.md with [func@GLib.log_set_writer_func], which a program can call
 * only once: a connector must not call it, and logs with GLib's functions such as [func@GLib.log_structured].
 */
G_DEFINE_ABSTRACT_TYPE_WITH_PRIVATE (CarApp, car_app, G_TYPE_APPLICATION)

static gboolean
car_app_real_create_schema_extension (CarApp *self, CarSchemaExtension **extension, GError **error)
{
  *extension = NULL;
  return TRUE;
}

static gboolean
car_app_real_create_incremental_import (CarApp *self, CarIncrementalImport **import, GError **error)
{
  *import = NULL;
  return TRUE;
}

static void
add_option (CarApp *self, const CarSetting *setting)
{
  gboolean is_switch = (setting->flags & CAR_SETTING_SWITCH) != 0;
  g_autofree char *description = setting->variable == NULL
                                     ? g_strdup (setting->description)
                                     : g_strdup_printf ("%s (%s)", setting->description, setting->variable);

  /* As a file name, which GOption takes as it is: a text it would convert from the locale's charset. */
  g_application_add_main_option (G_APPLICATION (self), setting->name, setting->letter, G_OPTION_FLAG_NONE,
                                 is_switch ? G_OPTION_ARG_NONE : G_OPTION_ARG_FILENAME, description,
                                 setting->arg_description);
}

static gboolean
car_app_local_command_line (GApplication *application, char ***arguments, int *exit_status)
{
  CarAppPrivate *priv = car_app_get_instance_private (CAR_APP (application));
  g_autoptr (GError) error = NULL;

  car_log_install ();

  char **normalised = car_arguments_normalise (priv->settings, (const char *const *) *arguments);
  g_strfreev (*arguments);
  *arguments = normalised;

  if (!car_arguments_wipe_secrets (priv->settings, (const char *const *) *arguments, &error))
    g_warning (
        "The secrets given as options stay in the process list (%s): give them as environment variables",
        error->message);

  priv->arguments = arguments;
  priv->parsed = FALSE;
  gboolean handled =
      G_APPLICATION_CLASS (car_app_parent_class)->local_command_line (application, arguments, exit_status);

  /* The parent class has said what is wrong, and has only one code for all that can be. */
  if (handled && !priv->parsed && *exit_status != 0)
    {
      g_printerr ("--help lists all options.\n");
      *exit_status = CAR_APP_ERROR_INVALID_PARAMETER;
    }

  return handled;
}

/* The values of the settings, and the log as they want it. */
static gboolean
load_settings (CarApp *self, GVariantDict *options, GError **error)
{
  CarAppPrivate *priv = car_app_get_instance_private (self);

  const gboolean loaded = car_settings_load (priv->settings, options, error);

  if (car_settings_get (priv->settings, "name") == NULL)
    {
      const char *program = g_get_prgname ();
      g_autofree char *name = car_connector_name_from_file (CONFIG_FILE);

      if (name == NULL)
        name = car_connector_name_from_program (program != NULL ? program : "connector");
      car_settings_set (priv->settings, "name", name);
    }

  const CarSetting *setting = car_settings_lookup (priv->settings, "log-format", -1);
  CarLogFormat format = CAR_LOG_FORMAT_AUTO;
  gboolean known = setting->value == NULL || car_log_parse_format (setting->value, &format);

  car_log_set_up (format, car_settings_is_on (priv->settings, "debug"),
                  car_settings_get (priv->settings, "name"), car_settings_get (priv->settings, "source"),
                  car_settings_get (priv->settings, "version"));
  if (loaded && !known)
    {
      g_autofree char *shown = car_setting_to_string (setting);

      g_set_error (error, CAR_APP_ERROR, CAR_APP_ERROR_INVALID_PARAMETER,
                   "%s must be json, text or auto, not “%s”", shown, setting->value);
    }

  return loaded && known;
}

static gboolean
check_arguments (const char *const *arguments, GError **error)
{
  if (arguments[0] == NULL || arguments[1] == NULL ||
      (g_str_equal (arguments[1], "--") && arguments[2] == NULL))
    return TRUE;

  /* Not shown: it may be a piece of a secret that nobody quoted. */
  g_set_error_literal (error, CAR_APP_ERROR, CAR_APP_ERROR_INVALID_PARAMETER,
                       "an argument belongs to no option (a value with spaces needs quotes)");
  return FALSE;
}

/* The whole run is here, where GApplication has not asked for a session bus yet, nor had one started: a connector has
 * nothing to say there. */
static int
car_app_handle_local_options (GApplication *application, GVariantDict *options)
{
  CarApp *self = CAR_APP (application);
  CarAppPrivate *priv = car_app_get_instance_private (self);
  g_autoptr (GError) error = NULL;

  priv->parsed = TRUE;
  if (load_settings (self, options, &error) &&
      check_arguments ((const char *const *) *priv->arguments, &error))
    return car_run (self, priv->settings);

  car_log_failure ("Invalid settings (exit code %d): %s; --help lists all settings", error->code,
                   error->message);
  return error->code;
}

static void
car_app_constructed (GObject *object)
{
  GApplication *application = G_APPLICATION (object);

  G_OBJECT_CLASS (car_app_parent_class)->constructed (object);

  /* A connector may run for several sources at once. */
  g_application_set_flags (application, g_application_get_flags (application) | G_APPLICATION_NON_UNIQUE);
}

static void
car_app_finalize (GObject *object)
{
  CarAppPrivate *priv = car_app_get_instance_private (CAR_APP (object));

  g_clear_pointer (&priv->settings, car_settings_free);
  g_clear_object (&priv->cancellable);

  G_OBJECT_CLASS (car_app_parent_class)->finalize (object);
}

static void
car_app_class_init (CarAppClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GApplicationClass *application_class = G_APPLICATION_CLASS (klass);

  object_class->constructed = car_app_constructed;
  object_class->finalize = car_app_finalize;
  application_class->local_command_line = car_app_local_command_line;
  application_class->handle_local_options = car_app_handle_local_options;
  klass->create_schema_extension = car_app_real_create_schema_extension;
  klass->create_incremental_import = car_app_real_create_incremental_import;
}

static void
car_app_init (CarApp *self)
{
  CarAppPrivate *priv = car_app_get_instance_private (self);

  priv->settings = car_settings_new ();
  priv->cancellable = g_cancellable_new ();

  /* Here, before a subclass adds its own in its turn. */
  const GPtrArray *all = car_settings_get_all (priv->settings);
  for (guint i = 0; i < all->len; i++)
    add_option (self, g_ptr_array_index (all, i));

  g_application_set_option_context_description (
      G_APPLICATION (self),
      "All options may be spelled with one dash or two. They win over the variables, and encrypted files in\n"
      "/etc/secrets, named like the variables, over both. Empty variables count as not given.\n\n"
      "Exit codes: 0 done; 1 general failure; 2 invalid settings; 10 recoverable failure, the next run goes\n"
      "on; 20 unrecoverable failure, the next run makes a full import; 50 to 55 the data source failed.");
}

/**
 * car_app_create_asset_server:
 * @self: an app
 * @error: return location for an error
 *
 * Makes the object that knows the way to the data source, from the settings ([method@App.get_setting]). It is made once
 * a run, before anything is asked of the CAR service.
 *
 * Returns: (transfer full): the asset server, or %NULL with an error
 */
CarAssetServer *
car_app_create_asset_server (CarApp *self, GError **error)
{
  g_return_val_if_fail (CAR_IS_APP (self), NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  CarAppClass *klass = CAR_APP_GET_CLASS (self);
  if (klass->create_asset_server == NULL)
    {
      car_contract_set_missing (self, "create_asset_server", error);
      return NULL;
    }

  GError *failure = NULL;
  CarAssetServer *server = klass->create_asset_server (self, &failure);

  return car_contract_check_object (self, "create_asset_server", server, CAR_TYPE_ASSET_SERVER, failure,
                                    error);
}

/**
 * car_app_create_schema_extension:
 * @self: an app
 * @extension: (out) (transfer full) (nullable): the extension, %NULL where this connector needs none
 * @error: return location for an error
 *
 * Makes the schema extension with what this connector imports beyond the service's own collections and properties. It is
 * set up before every import.
 *
 * Returns: %TRUE, or %FALSE with an error
 */
gboolean
car_app_create_schema_extension (CarApp *self, CarSchemaExtension **extension, GError **error)
{
  g_return_val_if_fail (CAR_IS_APP (self), FALSE);
  g_return_val_if_fail (extension != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  GError *failure = NULL;
  CarSchemaExtension *made = NULL;
  gboolean created = CAR_APP_GET_CLASS (self)->create_schema_extension (self, &made, &failure);

  return car_contract_check_optional (self, "create_schema_extension", created, made,
                                      CAR_TYPE_SCHEMA_EXTENSION, (gpointer *) extension, failure, error);
}

/**
 * car_app_create_full_import:
 * @self: an app
 * @error: return location for an error
 *
 * Makes the importer of all data. It is asked for only where a full import is to be made.
 *
 * Returns: (transfer full): the importer, or %NULL with an error
 */
CarFullImport *
car_app_create_full_import (CarApp *self, GError **error)
{
  g_return_val_if_fail (CAR_IS_APP (self), NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  CarAppClass *klass = CAR_APP_GET_CLASS (self);
  if (klass->create_full_import == NULL)
    {
      car_contract_set_missing (self, "create_full_import", error);
      return NULL;
    }

  GError *failure = NULL;
  CarFullImport *made = klass->create_full_import (self, &failure);

  return car_contract_check_object (self, "create_full_import", made, CAR_TYPE_FULL_IMPORT, failure, error);
}

/**
 * car_app_create_incremental_import:
 * @self: an app
 * @import: (out) (transfer full) (nullable): the importer, %NULL where this connector has none
 * @error: return location for an error
 *
 * Makes the importer of what changed. It is asked for only where the CAR service holds a save point of this source.
 *
 * Returns: %TRUE, or %FALSE with an error
 */
gboolean
car_app_create_incremental_import (CarApp *self, CarIncrementalImport **import, GError **error)
{
  g_return_val_if_fail (CAR_IS_APP (self), FALSE);
  g_return_val_if_fail (import != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  GError *failure = NULL;
  CarIncrementalImport *made = NULL;
  gboolean created = CAR_APP_GET_CLASS (self)->create_incremental_import (self, &made, &failure);

  return car_contract_check_optional (self, "create_incremental_import", created, made,
                                      CAR_TYPE_INCREMENTAL_IMPORT, (gpointer *) import, failure, error);
}

static gboolean
is_setting_name (const char *name)
{
  return name != NULL && g_ascii_islower (name[0]) && name[1] != '\0' &&
         name[strspn (name, G_CSET_a_2_z G_CSET_DIGITS "-")] == '\0';
}

/**
 * car_app_add_setting:
 * @self: an app
 * @name: the option without its dashes: two or more lower-case letters, digits and dashes, such as `server`
 * @variable: (nullable): the environment variable, and the name of the encrypted file, such as
 *   `CONFIGURATION_AUTH_URL`; %NULL: it has none
 * @flags: what the setting is like
 * @description: what it is, in a few words, for `--help` and for the message that it is missing
 * @arg_description: (nullable): what stands for its value in `--help`, such as `URL`
 *
 * Adds a setting of the connector's own, before the app runs. It must not have the name of another setting.
 */
void
car_app_add_setting (CarApp *self,
                     const char *name,
                     const char *variable,
                     CarSettingFlags flags,
                     const char *description,
                     const char *arg_description)
{
  CarAppPrivate *priv = car_app_get_instance_private (self);

  g_return_if_fail (CAR_IS_APP (self));
  g_return_if_fail (is_setting_name (name));
  g_return_if_fail (variable == NULL || *variable != '\0');
  g_return_if_fail (description != NULL);
  g_return_if_fail ((flags & CAR_SETTING_SWITCH) == 0 ||
                    (flags & (CAR_SETTING_REQUIRED | CAR_SETTING_SECRET)) == 0);
  g_return_if_fail (!g_application_get_is_registered (G_APPLICATION (self)));
  g_return_if_fail (car_settings_lookup (priv->settings, name, -1) == NULL);

  add_option (self, car_settings_add (priv->settings, name, variable, flags, description, arg_description));
}

/**
 * car_app_get_setting:
 * @self: an app
 * @name: a setting, one of protocol.md's or one added with [method@App.add_setting]
 *
 * What a setting is in this run: the encrypted file's value, or else the option's, or else the variable's.
 *
 * Returns: (nullable): UTF-8 text, `true` for a switch that is on; %NULL where it is not given, is empty or off, and
 *   before the app runs
 */
const char *
car_app_get_setting (CarApp *self, const char *name)
{
  g_return_val_if_fail (CAR_IS_APP (self), NULL);
  g_return_val_if_fail (name != NULL, NULL);

  CarAppPrivate *priv = car_app_get_instance_private (self);
  g_return_val_if_fail (car_settings_lookup (priv->settings, name, -1) != NULL, NULL);

  return car_settings_get (priv->settings, name);
}

/**
 * car_app_get_cancellable:
 * @self: an app
 *
 * What `SIGINT` and `SIGTERM` cancel while the app runs; all methods that a connector implements are given it, those of
 * the app apart.
 *
 * Returns: (transfer none): the cancellable
 */
GCancellable *
car_app_get_cancellable (CarApp *self)
{
  g_return_val_if_fail (CAR_IS_APP (self), NULL);

  CarAppPrivate *priv = car_app_get_instance_private (self);
  return priv->cancellable;
}
