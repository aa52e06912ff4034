/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include "host-inventory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <glib/gi18n-lib.h>

#include <libcar/car.h>

/* No file that is read here comes near to this on a real machine. */
#define MAX_FILE_SIZE (64 * 1024 * 1024)
#define MAX_FOLDER_ENTRIES 1000000

static void
host_account_free (HostAccount *self)
{
  g_free (self->name);
  g_free (self->full_name);
  g_free (self->home);
  g_free (self->shell);
  g_free (self);
}

static void
host_application_free (HostApplication *self)
{
  g_free (self->key);
  g_free (self->name);
  g_free (self->description);
  g_free (self->version);
  g_free (self->architecture);
  g_free (self->cpe);
  g_ptr_array_unref (self->run_by);
  g_free (self);
}

static void
host_interface_free (HostInterface *self)
{
  g_free (self->name);
  g_free (self->macaddress);
  g_ptr_array_unref (self->addresses);
  g_free (self);
}

static void
host_port_free (HostPort *self)
{
  g_free (self->address);
  g_ptr_array_unref (self->owners);
  g_free (self);
}

void
host_inventory_free (HostInventory *self)
{
  if (self->root_fd >= 0)
    close (self->root_fd);
  g_free (self->root_path);
  g_free (self->id);
  g_free (self->name);
  g_free (self->type);
  g_free (self->description);
  g_ptr_array_unref (self->names);
  g_ptr_array_unref (self->interfaces);
  g_ptr_array_unref (self->ports);
  g_ptr_array_unref (self->applications);
  g_ptr_array_unref (self->accounts);
  g_ptr_array_unref (self->warnings);
  g_ptr_array_unref (self->infos);
  g_free (self);
}

HostInventory *
host_inventory_new (const char *root, GError **error)
{
  g_autoptr (HostInventory) self = g_new0 (HostInventory, 1);

  self->names = g_ptr_array_new_with_free_func (g_free);
  self->interfaces = g_ptr_array_new_with_free_func ((GDestroyNotify) host_interface_free);
  self->accounts = g_ptr_array_new_with_free_func ((GDestroyNotify) host_account_free);
  self->applications = g_ptr_array_new_with_free_func ((GDestroyNotify) host_application_free);
  self->ports = g_ptr_array_new_with_free_func ((GDestroyNotify) host_port_free);
  self->warnings = g_ptr_array_new_with_free_func (g_free);
  self->infos = g_ptr_array_new_with_free_func (g_free);

  self->root_path = g_canonicalize_filename (root, NULL);
  self->is_this_machine = g_str_equal (self->root_path, "/");
  self->root_fd = open (self->root_path, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (self->root_fd < 0)
    {
      g_set_error (
          error, CAR_APP_ERROR, CAR_APP_ERROR_INVALID_PARAMETER,
          _ ("The root folder “%s” cannot be opened: %s. Give the folder where the machine’s file system is "
             "mounted with --root or HOST_ROOT"),
          self->root_path, g_strerror (errno));
      return NULL;
    }

  return g_steal_pointer (&self);
}

HostApplication *
host_inventory_add_application (HostInventory *self,
                                HostApplicationKind kind,
                                const char *key,
                                const char *name)
{
  HostApplication *application = g_new0 (HostApplication, 1);

  application->kind = kind;
  application->key = g_strdup (key);
  application->name = g_strdup (name);
  application->run_by = g_ptr_array_new ();
  g_ptr_array_add (self->applications, application);
  return application;
}

HostInterface *
host_inventory_add_interface (HostInventory *self, const char *name)
{
  HostInterface *interface = g_new0 (HostInterface, 1);

  interface->name = g_strdup (name);
  interface->addresses = g_ptr_array_new_with_free_func (g_free);
  g_ptr_array_add (self->interfaces, interface);
  return interface;
}

/* A root other than / is a foreign file system, an image or a container's: its links mean places in it, and must not
 * lead to files of the machine that reads it. */
static int
open_in_root (HostInventory *self, const char *path, int flags)
{
  if (self->is_this_machine)
    return openat (self->root_fd, path, flags | O_CLOEXEC);

  struct open_how how = {
    .flags = (guint64) (flags | O_CLOEXEC),
    .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
  };
  int fd;

  /* EAGAIN: something was renamed in the tree meanwhile. */
  for (guint i = 0; i < 16; i++)
    if ((fd = (int) syscall (SYS_openat2, self->root_fd, path, &how, sizeof how)) >= 0 || errno != EAGAIN)
      break;
  return fd;
}

int
host_inventory_open_folder (HostInventory *self, const char *path)
{
  return open_in_root (self, path, O_RDONLY | O_DIRECTORY);
}

gboolean
host_inventory_exists (HostInventory *self, const char *path)
{
  int fd = open_in_root (self, path, O_PATH);

  if (fd >= 0)
    close (fd);
  return fd >= 0;
}

/* Reading again would not help: somebody wants it so, or the tree is not what it should be. */
static gboolean
is_unreadable (int code)
{
  return code == EACCES || code == EPERM || code == ELOOP || code == ENXIO || code == EXDEV ||
         code == EISDIR || code == ENAMETOOLONG || code == EFBIG;
}

static GString *
read_all (int fd)
{
  g_autoptr (GString) content = g_string_sized_new (4096);
  char buffer[16384];

  for (;;)
    {
      gssize n = read (fd, buffer, sizeof buffer);
      if (n == 0)
        return g_steal_pointer (&content);
      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0)
        return NULL;
      if (content->len + (gsize) n > MAX_FILE_SIZE)
        {
          errno = EFBIG;
          return NULL;
        }
      g_string_append_len (content, buffer, n);
    }
}

/* NULL with errno: EISDIR for all that is no file. */
static GString *
read_content (HostInventory *self, const char *path)
{
  /* Non-blocking, for a pipe in the place of a file. */
  int fd = open_in_root (self, path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
  GString *content = NULL;
  struct stat info;

  if (fd < 0)
    return NULL;
  if (fstat (fd, &info) == 0 && !S_ISREG (info.st_mode))
    errno = EISDIR;
  else
    content = read_all (fd);

  int code = errno;
  close (fd);
  errno = code;
  return content;
}

gboolean
host_inventory_read (HostInventory *self, const char *path, char **text, GError **error)
{
  g_autoptr (GString) content = read_content (self, path);
  int code = errno;
  const char *root = self->is_this_machine ? "" : self->root_path;

  *text = content ? g_utf8_make_valid (content->str, (gssize) content->len) : NULL;
  if (content || code == ENOENT || code == ENOTDIR)
    return TRUE;

  if (is_unreadable (code))
    {
      g_ptr_array_add (self->warnings,
                       g_strdup_printf (_ ("%s/%s cannot be read (%s): what it holds is not imported"), root,
                                        path, code == EISDIR ? _ ("it is not a file") : g_strerror (code)));
      return TRUE;
    }

  if (code == ENOSYS)
    g_set_error_literal (
        error, CAR_DATASOURCE_FAILURE, CAR_DATASOURCE_FAILURE_UNKNOWN,
        _ ("This kernel cannot open files below another root folder safely (openat2): --root needs "
           "Linux 5.6, and a container whose seccomp profile lets that pass"));
  else
    g_set_error (error, CAR_DATASOURCE_FAILURE, CAR_DATASOURCE_FAILURE_UNKNOWN,
                 _ ("%s/%s cannot be read: %s"), root, path, g_strerror (code));
  return FALSE;
}

/* The first line of a small file that says one thing, NULL where it says nothing. */
char *
host_inventory_read_word (HostInventory *self, const char *path)
{
  g_autofree char *text = NULL;

  if (!host_inventory_read (self, path, &text, NULL) || !text)
    return NULL;

  text[strcspn (text, "\n")] = '\0';
  g_strstrip (text);
  return *text != '\0' ? g_steal_pointer (&text) : NULL;
}

static gint
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

GPtrArray *
host_inventory_list (HostInventory *self, const char *path, gboolean (*wanted) (const char *name))
{
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  int fd = host_inventory_open_folder (self, path);
  DIR *folder = fd >= 0 ? fdopendir (fd) : NULL;

  if (!folder && fd >= 0)
    close (fd);

  struct dirent *entry;
  while (folder && names->len < MAX_FOLDER_ENTRIES && (entry = readdir (folder)) != NULL)
    if (wanted (entry->d_name))
      g_ptr_array_add (names, g_strdup (entry->d_name));
  if (folder)
    closedir (folder);

  g_ptr_array_sort (names, compare_names);
  return g_steal_pointer (&names);
}
