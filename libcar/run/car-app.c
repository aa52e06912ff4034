/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <stdio.h>

#include <libcar/base/car-error.h>
#include <libcar/base/car-language-private.h>
#include <libcar/base/car-output-private.h>
#include <libcar/log/car-log-private.h>
#include <libcar/run/car-app-private.h>
#include <libcar/run/car-contract-private.h>
#include <libcar/settings/car-arguments-private.h>
#include <libcar/settings/car-connector-name-private.h>
#include <libcar/settings/car-help-private.h>
#include <libcar/staging/car-record.h>

#define CONFIG_FILE "configurations/config.json"

/* The properties that are texts come first. */
enum
{
  PROP_0,
  PROP_VERSION,
  PROP_DESCRIPTION,
  PROP_SOURCE_NAME,
  PROP_SOURCE_DESCRIPTION,
  PROP_PRODUCT_LINK,
  PROP_REPORT_TYPE,
  PROP_REPORT_DESCRIPTION,
  N_TEXTS,
  PROP_INSTALL_LOG = N_TEXTS,
  PROP_WATCH_SIGNALS,
  N_PROPS,
};

static GParamSpec *properties[N_PROPS];

typedef struct
{
  CarSettings *settings;
  GError *fault; /* the first setting that could not be added; NULL: all could */
  GCancellable *cancellable;
  char *texts[N_TEXTS];
  gboolean install_log;
  gboolean watch_signals;

  gboolean prepared; /* for the next run */
  gboolean answered; /* the arguments asked for nothing but an answer, and had it */
  gboolean running;
  gboolean head_given;
} CarAppPrivate;

/**
 * CarApp:
 *
 * A connector: a program that replicates a data source into a CAR service and keeps it in step.
 *
 * A connector's subclass makes the objects that do the work, in [vfunc@App.create_asset_server],
 * [vfunc@App.create_full_import] and [vfunc@App.create_incremental_import]. Its `main` calls [method@App.run], which
 * returns the exit code (protocol.md, "Failures"). The app reads the settings, decides which import to make, makes it, and
 * says at its end what it did. `SIGINT` and `SIGTERM` stop a run in good order, a second one at once. Where the
 * connector does not stop within five seconds, libcar ends the process, with the exit code of a run that was stopped.
 *
 * All settings of protocol.md are options, spelled `-source x`, `-source=x`, `--source x` or `--source=x`, and environment
 * variables. A connector adds its own with [method@App.add_setting] when it is made. First of all, the app wipes secrets that
 * are given as options from the process list. A file in `/etc/secrets` with the variable's name wins over both: it holds the
 * encrypted value (docs/running.md, "Encrypted settings").
 *
 * A program may do more than run one connector. An app has no main loop and no bus; it may run again, and a test or a larger
 * program sets its settings with [method@App.set_setting]. [method@App.prepare] reads the settings without running, so that
 * the program can look at them first. [property@App:install-log] and [property@App:watch-signals] leave the log and the
 * signals to the program.
 *
 * A connector's class, and its program:
 *
 * ```c
 * G_DECLARE_FINAL_TYPE (InventoryApp, inventory_app, INVENTORY, APP, CarApp)
 *
 * struct _InventoryApp
 * {
 *   CarApp parent_instance;
 * };
 *
 * G_DEFINE_FINAL_TYPE (InventoryApp, inventory_app, CAR_TYPE_APP)
 *
 * static CarAssetServer *
 * create_asset_server (CarApp *app, GError **error)
 * {
 *   return g_object_new (inventory_server_get_type (), "url", car_app_get_setting (app, "url"), NULL);
 * }
 *
 * static CarFullImport *
 * create_full_import (CarApp *app, GError **error)
 * {
 *   return g_object_new (inventory_import_get_type (), NULL);
 * }
 *
 * static void
 * inventory_app_class_init (InventoryAppClass *klass)
 * {
 *   CAR_APP_CLASS (klass)->create_asset_server = create_asset_server;
 *   CAR_APP_CLASS (klass)->create_full_import = create_full_import;
 * }
 *
 * static void
 * inventory_app_init (InventoryApp *self)
 * {
 *   car_app_add_setting (CAR_APP (self), car_setting_new_text ("url", "INVENTORY_URL", CAR_SETTING_REQUIRED,
 *                                                              "the inventory", "URL", NULL));
 * }
 *
 * int
 * main (int argc, char **argv)
 * {
 *   g_autoptr (CarApp) app = g_object_new (inventory_app_get_type (), NULL);
 *
 *   return car_app_run (app, argc, argv);
 * }
 * ```
 */
G_DEFINE_ABSTRACT_TYPE_WITH_PRIVATE (CarApp, car_app, G_TYPE_OBJECT)

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
set_text (CarApp *self, guint id, const GValue *value)
{
  CarAppPrivate *priv = car_app_get_instance_private (self);

  if (priv->head_given)
    {
      g_critical ("%s:%s cannot change during an import: all its pages say the same of it",
                  G_OBJECT_TYPE_NAME (self), properties[id]->name);
      return;
    }

  g_free (priv->texts[id]);
  priv->texts[id] = g_value_dup_string (value);
}

static void
car_app_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  CarAppPrivate *priv = car_app_get_instance_private (CAR_APP (object));

  switch (id)
    {
    case PROP_VERSION:
    case PROP_DESCRIPTION:
    case PROP_SOURCE_NAME:
    case PROP_SOURCE_DESCRIPTION:
    case PROP_PRODUCT_LINK:
    case PROP_REPORT_TYPE:
    case PROP_REPORT_DESCRIPTION:
      set_text (CAR_APP (object), id, value);
      break;
    case PROP_INSTALL_LOG:
      priv->install_log = g_value_get_boolean (value);
      break;
    case PROP_WATCH_SIGNALS:
      priv->watch_signals = g_value_get_boolean (value);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
car_app_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  CarAppPrivate *priv = car_app_get_instance_private (CAR_APP (object));

  switch (id)
    {
    case PROP_VERSION:
    case PROP_DESCRIPTION:
    case PROP_SOURCE_NAME:
    case PROP_SOURCE_DESCRIPTION:
    case PROP_PRODUCT_LINK:
    case PROP_REPORT_TYPE:
    case PROP_REPORT_DESCRIPTION:
      g_value_set_string (value, priv->texts[id]);
      break;
    case PROP_INSTALL_LOG:
      g_value_set_boolean (value, priv->install_log);
      break;
    case PROP_WATCH_SIGNALS:
      g_value_set_boolean (value, priv->watch_signals);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

/* A subclass may log in its instance's init function, which runs before any property is set. */
static GObject *
car_app_constructor (GType type, guint n_properties, GObjectConstructParam *given)
{
  for (guint i = 0; i < n_properties; i++)
    if (given[i].pspec == properties[PROP_INSTALL_LOG] && g_value_get_boolean (given[i].value))
      car_log_install ();

  return G_OBJECT_CLASS (car_app_parent_class)->constructor (type, n_properties, given);
}

static void
car_app_finalize (GObject *object)
{
  CarAppPrivate *priv = car_app_get_instance_private (CAR_APP (object));

  g_clear_pointer (&priv->settings, car_settings_free);
  g_clear_error (&priv->fault);
  g_clear_object (&priv->cancellable);
  for (guint i = 0; i < N_TEXTS; i++)
    g_free (priv->texts[i]);

  G_OBJECT_CLASS (car_app_parent_class)->finalize (object);
}

static void
install_properties (GObjectClass *object_class)
{
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS;

  /**
   * CarApp:version:
   *
   * The connector's version, for `--version`, the log and the CAR service; the setting `version` wins over it.
   */
  properties[PROP_VERSION] = g_param_spec_string ("version", NULL, NULL, NULL, flags);

  /**
   * CarApp:description:
   *
   * What the connector does, in a sentence or two; `--help` begins with it.
   */
  properties[PROP_DESCRIPTION] = g_param_spec_string ("description", NULL, NULL, NULL, flags);

  /**
   * CarApp:source-name:
   *
   * What people call the source: its `name` in every page (protocol.md, "The envelope"). Its key is the setting `source`.
   * The app gives this property and the following ones to [class@DataHandler] when an import begins. They cannot change until
   * the run has ended.
   */
  properties[PROP_SOURCE_NAME] = g_param_spec_string ("source-name", NULL, NULL, NULL, flags);

  /**
   * CarApp:source-description:
   *
   * The source's `description` in every page.
   */
  properties[PROP_SOURCE_DESCRIPTION] = g_param_spec_string ("source-description", NULL, NULL, NULL, flags);

  /**
   * CarApp:product-link:
   *
   * The source's `product_link` in every page: a link to the data source's own page.
   */
  properties[PROP_PRODUCT_LINK] = g_param_spec_string ("product-link", NULL, NULL, NULL, flags);

  /**
   * CarApp:report-type:
   *
   * The report's `type` in every page.
   */
  properties[PROP_REPORT_TYPE] = g_param_spec_string ("report-type", NULL, NULL, NULL, flags);

  /**
   * CarApp:report-description:
   *
   * The report's `description` in every page.
   */
  properties[PROP_REPORT_DESCRIPTION] = g_param_spec_string ("report-description", NULL, NULL, NULL, flags);

  /**
   * CarApp:install-log:
   *
   * Whether the app installs the log of protocol.md, for all that GLib's logging functions say in the process. It does so
   * with [func@GLib.log_set_writer_func] when it is made; GLib lets a process do that only once. A program with a log of its
   * own says %FALSE. Then all lines go to that log, and the line of a failure has the field `CAR_LEVEL` with the value `ERROR`.
   *
   * The log holds back lines that come before [method@App.prepare], until it knows how to write them or the process ends.
   */
  properties[PROP_INSTALL_LOG] =
      g_param_spec_boolean ("install-log", NULL, NULL, TRUE, flags | G_PARAM_CONSTRUCT_ONLY);

  /**
   * CarApp:watch-signals:
   *
   * Whether `SIGINT` and `SIGTERM` stop the run, and the process with it where the run does not stop. Meanwhile the
   * process ignores `SIGXFSZ`, so that a file that may not grow is a failure. A program that has its own use for these signals
   * says %FALSE, and cancels [method@App.get_cancellable].
   */
  properties[PROP_WATCH_SIGNALS] =
      g_param_spec_boolean ("watch-signals", NULL, NULL, TRUE, flags | G_PARAM_CONSTRUCT);

  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
car_app_class_init (CarAppClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->constructor = car_app_constructor;
  object_class->set_property = car_app_set_property;
  object_class->get_property = car_app_get_property;
  object_class->finalize = car_app_finalize;
  klass->create_schema_extension = car_app_real_create_schema_extension;
  klass->create_incremental_import = car_app_real_create_incremental_import;

  install_properties (object_class);
}

static void
car_app_init (CarApp *self)
{
  CarAppPrivate *priv = car_app_get_instance_private (self);

  priv->settings = car_settings_new ();
  priv->cancellable = g_cancellable_new ();
}

/**
 * car_app_create_asset_server:
 * @self: an app
 * @error: return location for an error
 *
 * Makes the object that knows the way to the data source, from the settings ([method@App.get_setting]). A run calls this
 * once, before it asks the CAR service anything.
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
 * Makes the schema extension with what this connector imports beyond the service's own collections and properties. The run
 * sets it up before every import.
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

/* Whether the importer has all methods that it must have: no run begins that one of them would end halfway. */
static gboolean
check_importer (CarImport *import, GError **error)
{
  const CarImportClass *klass = CAR_IMPORT_GET_CLASS (import);
  const CarIncrementalImportClass *incremental =
      CAR_IS_INCREMENTAL_IMPORT (import) ? CAR_INCREMENTAL_IMPORT_GET_CLASS (import) : NULL;
  const char *missing = klass->import_vertices == NULL ? "import_vertices"
                        : klass->import_edges == NULL  ? "import_edges"
                        : incremental != NULL && incremental->get_data_for_delta == NULL
                            ? "get_data_for_delta"
                        : incremental != NULL && incremental->delete_vertices == NULL ? "delete_vertices"
                                                                                      : NULL;

  if (missing == NULL)
    return TRUE;

  car_contract_set_missing (import, missing, error);
  return FALSE;
}

/**
 * car_app_create_full_import:
 * @self: an app
 * @error: return location for an error
 *
 * Makes the importer of all data. The run calls this only where it makes a full import.
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

  made = car_contract_check_object (self, "create_full_import", made, CAR_TYPE_FULL_IMPORT, failure, error);

  if (made != NULL && !check_importer (CAR_IMPORT (made), error))
    g_clear_object (&made);

  return made;
}

/**
 * car_app_create_incremental_import:
 * @self: an app
 * @import: (out) (transfer full) (nullable): the importer, %NULL where this connector has none
 * @error: return location for an error
 *
 * Makes the importer of what changed. The run calls this only where the CAR service holds a save point of this source.
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

  if (!car_contract_check_optional (self, "create_incremental_import", created, made,
                                    CAR_TYPE_INCREMENTAL_IMPORT, (gpointer *) import, failure, error))
    return FALSE;
  if (*import == NULL || check_importer (CAR_IMPORT (*import), error))
    return TRUE;

  g_clear_object (import);
  return FALSE;
}

/**
 * car_app_add_setting:
 * @self: an app
 * @setting: (transfer full): a setting of the connector's own
 *
 * Adds a setting, when the app is made. A setting that libcar cannot take, or that has the name of another, is a mistake in
 * the connector: [method@App.prepare] fails with a general failure that says what is wrong with it.
 */
void
car_app_add_setting (CarApp *self, CarSetting *setting)
{
  g_return_if_fail (CAR_IS_APP (self));
  g_return_if_fail (setting != NULL);

  CarAppPrivate *priv = car_app_get_instance_private (self);
  car_settings_add (priv->settings, setting, priv->fault == NULL ? &priv->fault : NULL);
}

/**
 * car_app_set_setting:
 * @self: an app
 * @name: a setting, one of protocol.md's or the connector's
 * @value: (nullable): its value, as on a command line; `true` or `false` for a boolean; empty: the setting has no value;
 *   %NULL: takes back what the program set
 * @error: return location for an error
 *
 * Sets a setting from within the program: for a test, or where the connector is a part of a larger program. The value takes
 * effect at once, holds for all runs to come, and wins over files, options and variables.
 *
 * Fails with %CAR_APP_ERROR_INVALID_PARAMETER where the setting does not take the value.
 *
 * Returns: %TRUE, or %FALSE with an error
 */
gboolean
car_app_set_setting (CarApp *self, const char *name, const char *value, GError **error)
{
  g_return_val_if_fail (CAR_IS_APP (self), FALSE);
  g_return_val_if_fail (name != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  CarAppPrivate *priv = car_app_get_instance_private (self);
  return car_settings_set (priv->settings, name, value, error);
}

/* The setting, or a critical: a connector asks for what nobody added. */
static const CarSetting *
find_setting (CarApp *self, const char *name)
{
  CarAppPrivate *priv = car_app_get_instance_private (self);
  const CarSetting *setting = car_settings_lookup (priv->settings, name, -1);

  if (setting == NULL)
    g_critical ("%s asks for the setting “%s”, which it did not add", G_OBJECT_TYPE_NAME (self), name);

  return setting;
}

/**
 * car_app_get_setting:
 * @self: an app
 * @name: a setting, one of protocol.md's or the connector's
 *
 * Gets a setting's value in this run. It comes from [method@App.set_setting], or else from the encrypted file, the option, the
 * variable, or the default. Before [method@App.prepare] only the first and the last are known.
 *
 * Returns: (nullable): UTF-8 text; `true` for a boolean that is on; %NULL if the setting has no value, or is off
 */
const char *
car_app_get_setting (CarApp *self, const char *name)
{
  g_return_val_if_fail (CAR_IS_APP (self), NULL);
  g_return_val_if_fail (name != NULL, NULL);

  CarAppPrivate *priv = car_app_get_instance_private (self);
  return find_setting (self, name) == NULL ? NULL : car_settings_get (priv->settings, name);
}

/**
 * car_app_get_integer_setting:
 * @self: an app
 * @name: a setting made with [ctor@Setting.new_integer]
 *
 * Gets a setting's number, where [method@App.get_setting] gets its text.
 *
 * Returns: a number in the setting's range; 0 if the setting is required and has no value
 */
gint64
car_app_get_integer_setting (CarApp *self, const char *name)
{
  g_return_val_if_fail (CAR_IS_APP (self), 0);
  g_return_val_if_fail (name != NULL, 0);

  CarAppPrivate *priv = car_app_get_instance_private (self);
  const CarSetting *setting = find_setting (self, name);
  g_return_val_if_fail (setting == NULL || setting->type == CAR_SETTING_INTEGER, 0);

  return setting == NULL ? 0 : car_settings_get_integer (priv->settings, name);
}

/**
 * car_app_get_boolean_setting:
 * @self: an app
 * @name: a setting made with [ctor@Setting.new_boolean]
 *
 * Gets whether a setting is on.
 *
 * Returns: %TRUE if it is
 */
gboolean
car_app_get_boolean_setting (CarApp *self, const char *name)
{
  g_return_val_if_fail (CAR_IS_APP (self), FALSE);
  g_return_val_if_fail (name != NULL, FALSE);

  CarAppPrivate *priv = car_app_get_instance_private (self);
  const CarSetting *setting = find_setting (self, name);
  g_return_val_if_fail (setting == NULL || setting->type == CAR_SETTING_BOOLEAN, FALSE);

  return setting != NULL && car_settings_is_on (priv->settings, name);
}

/* The defaults that hang on the program. */
static void
find_defaults (CarApp *self, const char *program)
{
  CarAppPrivate *priv = car_app_get_instance_private (self);
  g_autofree char *name = car_connector_name_from_file (CONFIG_FILE);

  if (name == NULL)
    name = car_connector_name_from_program (program);

  car_settings_set_default (priv->settings, "name", name);
  car_settings_set_default (priv->settings, "version", priv->texts[PROP_VERSION]);
}

static void
set_up_log (const CarSettings *settings)
{
  CarLogFormat format = CAR_LOG_FORMAT_AUTO;

  car_log_parse_format (car_settings_get (settings, "log-format"), &format);
  car_log_set_up (format, car_settings_is_on (settings, "debug"), car_settings_get (settings, "name"),
                  car_settings_get (settings, "source"), car_settings_get (settings, "version"));
}

static gboolean
answer (CarApp *self, CarRequest request, const char *program, GError **error)
{
  CarAppPrivate *priv = car_app_get_instance_private (self);
  const char *version = car_settings_get (priv->settings, "version");
  g_autofree char *text =
      request == CAR_ARGUMENTS_HELP
          ? car_help_make (priv->settings, program, priv->texts[PROP_DESCRIPTION])
          : g_strdup_printf ("%s%s%s (libcar %u.%u.%u)\n", car_settings_get (priv->settings, "name"),
                             version == NULL ? "" : " ", version == NULL ? "" : version,
                             car_get_major_version (), car_get_minor_version (), car_get_micro_version ());

  priv->answered = car_output_write (text, error) && car_output_finish (error);
  return priv->answered;
}

/* Reads all that was given, whatever is wrong with it: among it is how the failure is to be logged. */
static gboolean
read_settings (CarApp *self, int argc, char **argv, CarRequest *request, const char *program, GError **error)
{
  CarAppPrivate *priv = car_app_get_instance_private (self);
  g_autoptr (GError) not_wiped = NULL;

  gboolean parsed = car_arguments_parse (priv->settings, argc, argv, request, error);

  /* They may be the process's own memory. */
  if (!car_arguments_wipe_secrets (priv->settings, argc, argv, &not_wiped))
    g_warning (
        _ ("The secrets given as options stay in the process list (%s): give them as environment variables"),
        not_wiped->message);

  gboolean loaded = car_settings_load (priv->settings, parsed ? error : NULL);

  find_defaults (self, program);
  set_up_log (priv->settings);

  return parsed && loaded;
}

/**
 * car_app_prepare:
 * @self: an app that does not run
 * @argc: how many arguments there are
 * @argv: (array length=argc) (element-type filename) (nullable): the arguments of the program, its name first
 * @error: return location for an error
 *
 * Reads the arguments, the encrypted settings and the variables, and sets up the log. It sends nothing. Afterwards the program
 * can ask for the settings, and [method@App.run] goes on from there. Only the run finds out whether it has all the settings
 * that it needs.
 *
 * Messages are in the user's language. If the process still has the locale `C` for them, as a program in C or Python has at
 * first, this takes the user's from the environment, by `setlocale()` for `LC_MESSAGES` and `LC_CTYPE`.
 *
 * If the arguments ask for `--help` or `--version`, this prints the answer on standard output, and there is nothing to run:
 * see [method@App.has_answered].
 *
 * Fails with %CAR_APP_ERROR_INVALID_PARAMETER where a setting is wrong, and with %CAR_APP_ERROR_GENERAL where the connector
 * added one that libcar cannot take, or where the answer cannot be written.
 *
 * Returns: %TRUE, or %FALSE with an error
 */
gboolean
car_app_prepare (CarApp *self, int argc, char **argv, GError **error)
{
  g_return_val_if_fail (CAR_IS_APP (self), FALSE);
  g_return_val_if_fail (argc == 0 || argv != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  CarAppPrivate *priv = car_app_get_instance_private (self);
  const char *name = argc > 0 ? argv[0] : g_get_prgname ();
  g_autofree char *program = g_path_get_basename (name == NULL || *name == '\0' ? "connector" : name);
  g_autoptr (GError) problem = NULL;
  CarRequest request;

  car_language_begin ();
  gboolean read = read_settings (self, argc, argv, &request, program, &problem);
  priv->prepared = priv->answered = FALSE;

  if (priv->fault != NULL)
    {
      g_set_error (error, priv->fault->domain, priv->fault->code, "%s: %s", G_OBJECT_TYPE_NAME (self),
                   priv->fault->message);
      return FALSE;
    }

  if (request != CAR_ARGUMENTS_RUN && !answer (self, request, program, error))
    return FALSE;
  if (request == CAR_ARGUMENTS_RUN && !read)
    {
      g_propagate_error (error, g_steal_pointer (&problem));
      return FALSE;
    }

  priv->prepared = TRUE;
  return TRUE;
}

/**
 * car_app_has_answered:
 * @self: an app
 *
 * Gets whether [method@App.prepare] found nothing to run: the arguments asked for `--help` or `--version`, and it printed the
 * answer. Then [method@App.run] does nothing, and returns 0.
 *
 * Returns: %TRUE if it did
 */
gboolean
car_app_has_answered (CarApp *self)
{
  g_return_val_if_fail (CAR_IS_APP (self), FALSE);

  CarAppPrivate *priv = car_app_get_instance_private (self);
  return priv->answered;
}

/**
 * car_app_get_cancellable:
 * @self: an app
 *
 * Gets what `SIGINT` and `SIGTERM` cancel while the app runs. To stop the run, a program cancels it, from any thread. All
 * methods that a connector implements get it, except those of the app. It belongs to the run that goes on, or else to the
 * next one. A run that was cancelled leaves a new one for the next.
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

gboolean
car_app_begin_run (CarApp *self)
{
  CarAppPrivate *priv = car_app_get_instance_private (self);

  if (priv->running)
    return FALSE;

  priv->running = TRUE;
  return TRUE;
}

void
car_app_end_run (CarApp *self)
{
  CarAppPrivate *priv = car_app_get_instance_private (self);

  priv->running = priv->prepared = priv->answered = priv->head_given = FALSE;
  if (!g_cancellable_is_cancelled (priv->cancellable))
    return;

  g_object_unref (priv->cancellable);
  priv->cancellable = g_cancellable_new ();
}

gboolean
car_app_is_prepared (CarApp *self)
{
  CarAppPrivate *priv = car_app_get_instance_private (self);

  return priv->prepared;
}

const CarSettings *
car_app_get_settings (CarApp *self)
{
  CarAppPrivate *priv = car_app_get_instance_private (self);

  return priv->settings;
}

void
car_app_give_head (CarApp *self, GObject *data_handler)
{
  CarAppPrivate *priv = car_app_get_instance_private (self);

  for (guint id = PROP_SOURCE_NAME; id < N_TEXTS; id++)
    if (priv->texts[id] != NULL)
      g_object_set (data_handler, properties[id]->name, priv->texts[id], NULL);
  priv->head_given = TRUE;
}

static void
set_head_text (CarRecord *record, const char *name, const char *text)
{
  if (text != NULL)
    car_record_set_string (record, name, text);
}

char *
car_app_make_source (CarApp *self, const char *key)
{
  CarAppPrivate *priv = car_app_get_instance_private (self);
  const char *name = priv->texts[PROP_SOURCE_NAME];
  g_autoptr (CarRecord) source = car_record_new ();

  car_record_set_string (source, "_key", key);
  set_head_text (source, "name", name == NULL ? key : name);
  set_head_text (source, "description", priv->texts[PROP_SOURCE_DESCRIPTION]);
  set_head_text (source, "product_link", priv->texts[PROP_PRODUCT_LINK]);

  return car_record_to_json (source);
}

char *
car_app_make_report (CarApp *self)
{
  CarAppPrivate *priv = car_app_get_instance_private (self);
  const gint64 now = g_get_real_time () / 1000;
  g_autofree char *key = g_strdup_printf ("%" G_GINT64_FORMAT, now);
  g_autoptr (CarRecord) report = car_record_new ();

  car_record_set_string (report, "_key", key);
  car_record_set_int (report, "timestamp", now);
  set_head_text (report, "type", priv->texts[PROP_REPORT_TYPE]);
  set_head_text (report, "description", priv->texts[PROP_REPORT_DESCRIPTION]);

  return car_record_to_json (report);
}
