/* SPDX-License-Identifier: Apache-2.0 */

/* The collectors of car-connector-host over a made-up root folder, and the graph that is made of what they find. */

#include "config.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "connectors/host/host-collect.h"
#include "connectors/host/host-graph.h"
#include "service/model/car-core-model.h"

/* Made with another implementation of HMAC-SHA256, and compared with systemd's. */
#define MACHINE_ID "0123456789abcdef0123456789abcdef"
#define ASSET_ID "844829a25dc442278238d71c7c491549"

typedef struct
{
  char *root;
} Fixture;

static char *
make_path (Fixture *fixture, const char *path)
{
  char *full = g_build_filename (fixture->root, path, NULL);
  g_autofree char *folder = g_path_get_dirname (full);

  g_assert_cmpint (g_mkdir_with_parents (folder, 0755), ==, 0);
  return full;
}

static void
write_bytes (Fixture *fixture, const char *path, const char *content, gssize length)
{
  g_autofree char *full = make_path (fixture, path);
  g_autoptr (GError) error = NULL;

  g_file_set_contents (full, content, length, &error);
  g_assert_no_error (error);
}

static void
write_text (Fixture *fixture, const char *path, const char *content)
{
  write_bytes (fixture, path, content, -1);
}

static void
write_link (Fixture *fixture, const char *path, const char *target)
{
  g_autofree char *full = make_path (fixture, path);

  unlink (full);
  g_assert_cmpint (symlink (target, full), ==, 0);
}

static void
remove_path (Fixture *fixture, const char *path)
{
  g_autofree char *full = make_path (fixture, path);

  g_assert_cmpint (remove (full), ==, 0);
}

static void
set_up (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  fixture->root = g_dir_make_tmp ("test-host-XXXXXX", &error);
  g_assert_no_error (error);
  write_text (fixture, "etc/machine-id", MACHINE_ID "\n");
  write_text (fixture, "etc/hostname", "Db1\n");
}

static void
remove_tree (const char *path)
{
  g_autoptr (GDir) folder = g_file_test (path, G_FILE_TEST_IS_SYMLINK) ? NULL : g_dir_open (path, 0, NULL);
  const char *name;

  while (folder && (name = g_dir_read_name (folder)) != NULL)
    {
      g_autofree char *child = g_build_filename (path, name, NULL);
      remove_tree (child);
    }
  g_assert_cmpint (remove (path), ==, 0);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  remove_tree (fixture->root);
  g_free (fixture->root);
}

static HostInventory *
collect (Fixture *fixture)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (HostInventory) inventory = host_inventory_open (fixture->root, &error);

  g_assert_no_error (error);
  host_inventory_collect (inventory, NULL, &error);
  g_assert_no_error (error);
  return g_steal_pointer (&inventory);
}

static HostApplication *
find_application (HostInventory *inventory, HostApplicationKind kind, const char *key)
{
  for (guint i = 0; i < inventory->applications->len; i++)
    {
      HostApplication *application = inventory->applications->pdata[i];
      if (application->kind == kind && g_str_equal (application->key, key))
        return application;
    }
  return NULL;
}

static HostAccount *
find_account (HostInventory *inventory, const char *name)
{
  for (guint i = 0; i < inventory->accounts->len; i++)
    {
      HostAccount *account = inventory->accounts->pdata[i];
      if (g_str_equal (account->name, name))
        return account;
    }
  return NULL;
}

static HostPort *
find_port (HostInventory *inventory, const char *protocol, const char *address, guint number)
{
  for (guint i = 0; i < inventory->ports->len; i++)
    {
      HostPort *port = inventory->ports->pdata[i];
      if (g_str_equal (port->protocol, protocol) && g_str_equal (port->address, address) &&
          port->number == number)
        return port;
    }
  return NULL;
}

static gboolean
mentions (GPtrArray *texts, const char *part)
{
  for (guint i = 0; i < texts->len; i++)
    if (strstr (texts->pdata[i], part))
      return TRUE;
  return FALSE;
}

/* Identity and system */

static void
test_identity (Fixture *fixture, gconstpointer data)
{
  g_autoptr (HostInventory) inventory = host_inventory_open (fixture->root, NULL);

  g_assert_cmpstr (inventory->id, ==, ASSET_ID);
}

static void
test_identity_fallback (Fixture *fixture, gconstpointer data)
{
  write_text (fixture, "etc/machine-id", "uninitialized\n");
  write_text (fixture, "var/lib/dbus/machine-id", MACHINE_ID "\n");

  g_autoptr (HostInventory) inventory = host_inventory_open (fixture->root, NULL);
  g_assert_cmpstr (inventory->id, ==, ASSET_ID);
}

static void
assert_no_identity (Fixture *fixture, CarDatasourceFailure code)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (host_inventory_open (fixture->root, &error));
  g_assert_error (error, CAR_DATASOURCE_FAILURE, (int) code);
  g_assert_nonnull (strstr (error->message, "etc/machine-id"));
}

static void
test_identity_missing (Fixture *fixture, gconstpointer data)
{
  static const char *const broken[] = { "",
                                        "\n",
                                        "00000000000000000000000000000000\n",
                                        "0123456789abcdef",
                                        MACHINE_ID "0",
                                        "0123456789abcdef0123456789abcdeg" };

  for (guint i = 0; i < G_N_ELEMENTS (broken); i++)
    {
      write_text (fixture, "etc/machine-id", broken[i]);
      assert_no_identity (fixture, CAR_DATASOURCE_FAILURE_UNKNOWN);
    }
  remove_path (fixture, "etc/machine-id");
  assert_no_identity (fixture, CAR_DATASOURCE_FAILURE_UNKNOWN);
  write_link (fixture, "etc/machine-id", "machine-id");
  assert_no_identity (fixture, CAR_DATASOURCE_FAILURE_FORBIDDEN);
}

static void
test_root_missing (Fixture *fixture, gconstpointer data)
{
  g_autofree char *path = g_build_filename (fixture->root, "none", NULL);
  g_autoptr (GError) error = NULL;

  g_assert_null (host_inventory_open (path, &error));
  g_assert_error (error, CAR_APP_ERROR, CAR_APP_ERROR_INVALID_PARAMETER);
  g_assert_nonnull (strstr (error->message, path));
  g_assert_nonnull (strstr (error->message, "HOST_ROOT"));
}

static void
test_names (Fixture *fixture, gconstpointer data)
{
  write_text (fixture, "etc/hosts",
              "127.0.0.1 localhost\n"
              "127.0.1.1\tdb1.example.com  DB1 # db1.comment.example\n"
              "10.0.0.9 other.example.com\n"
              "10.0.0.1 db1.internal.example. db1.example.com db1.<bad>\n");

  g_autoptr (HostInventory) inventory = collect (fixture);
  g_assert_cmpstr (inventory->name, ==, "db1");
  g_assert_cmpuint (inventory->names->len, ==, 3);
  g_assert_cmpstr (inventory->names->pdata[0], ==, "db1");
  g_assert_cmpstr (inventory->names->pdata[1], ==, "db1.example.com");
  g_assert_cmpstr (inventory->names->pdata[2], ==, "db1.internal.example");
}

static void
test_no_name (Fixture *fixture, gconstpointer data)
{
  static const char *const names[] = { "localhost\n", "a b\n", "-\n", "", "caf\xc3\xa9\n", ".\n", "a#b\n" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      write_text (fixture, "etc/hostname", names[i]);
      g_autoptr (HostInventory) inventory = collect (fixture);
      g_assert_cmpuint (inventory->names->len, ==, 0);
      g_assert_cmpstr (inventory->name, ==, "machine-844829a2");
      g_assert_true (mentions (inventory->infos, "host name"));
    }
}

static void
test_system (Fixture *fixture, gconstpointer data)
{
  write_text (fixture, "usr/lib/os-release",
              "# comment\nNAME=\"Some Linux\"\nPRETTY_NAME='Some Linux 7 (\"x\")'\nVERSION_ID=7\n"
              "CPE_NAME=\"cpe:/o:some:linux:7\"\nBROKEN=\"open\nnonsense\n");
  write_link (fixture, "etc/os-release", "/usr/lib/os-release");
  write_text (fixture, "proc/sys/kernel/osrelease", "6.1.0-1\n");
  write_text (fixture, "proc/sys/kernel/arch", "riscv64\n");
  write_text (fixture, "sys/class/dmi/id/chassis_type", "10\n");

  g_autoptr (HostInventory) inventory = collect (fixture);
  HostApplication *system = find_application (inventory, HOST_APPLICATION_SYSTEM, "system");
  g_assert_cmpstr (system->name, ==, "Some Linux 7 (\"x\")");
  g_assert_cmpstr (system->version, ==, "7");
  g_assert_cmpstr (system->cpe, ==, "cpe:/o:some:linux:7");
  g_assert_cmpstr (system->architecture, ==, "riscv64");
  g_assert_cmpstr (system->description, ==, "Linux 6.1.0-1");
  g_assert_cmpstr (inventory->description, ==, "Some Linux 7 (\"x\"), riscv64");
  g_assert_cmpstr (inventory->type, ==, "laptop");

  write_text (fixture, ".dockerenv", "");
  g_autoptr (HostInventory) container = collect (fixture);
  g_assert_cmpstr (container->type, ==, "container");
}

/* Accounts */

static void
test_accounts (Fixture *fixture, gconstpointer data)
{
  write_text (fixture, "etc/passwd",
              "root:x:0:0:root:/root:/bin/bash\n"
              "daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin\n"
              "+nis::::::\n"
              "ann:x:1000:1000:& Noether,Room 1,,:/home/ann:/bin/zsh\n"
              "bob:x:1001:1001:,,,:/home/bob:\n"
              "keys:x:1002:1002::/home/keys:/bin/sh\n"
              "old:x:1003:1003:Old:/home/old:/bin/sh\n"
              "nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n"
              "ann:x:0:0:again:/:/bin/sh\n"
              "minus:x:-1:0::/:/bin/sh\n"
              "short:x:5:5\n"
              "long:x:5:5:::::\n");
  write_text (fixture, "etc/shadow",
              "root:*:19000:0:99999:7:::\n"
              "ann:$y$j9T$abc:19000:0:99999:7:::\n"
              "bob:!$y$j9T$secrethash:19000:0:99999:7:::\n"
              "keys:!:19000:0:99999:7:::\n"
              "old:$y$j9T$abc:19000:0:99999:7::1:\n");

  g_autoptr (HostInventory) inventory = collect (fixture);
  g_assert_cmpuint (inventory->accounts->len, ==, 7);
  g_assert_true (mentions (inventory->warnings, "3 lines of /etc/passwd"));

  HostAccount *ann = find_account (inventory, "ann");
  g_assert_cmpuint (ann->uid, ==, 1000);
  g_assert_cmpstr (ann->full_name, ==, "Ann Noether");
  g_assert_true (ann->is_human && ann->is_active && ann->has_login_shell);

  HostAccount *bob = find_account (inventory, "bob");
  g_assert_null (bob->full_name);
  g_assert_cmpstr (bob->shell, ==, "/bin/sh");
  g_assert_true (bob->is_human && bob->has_login_shell);
  g_assert_false (bob->is_active);

  g_assert_true (find_account (inventory, "keys")->is_active);
  g_assert_false (find_account (inventory, "old")->is_active);
  g_assert_true (find_account (inventory, "root")->is_human);
  g_assert_false (find_account (inventory, "daemon")->is_active);
  g_assert_false (find_account (inventory, "daemon")->is_human);
  g_assert_false (find_account (inventory, "nobody")->is_human);
}

/* Packages */

static void
test_packages (Fixture *fixture, gconstpointer data)
{
  write_text (fixture, "var/lib/dpkg/status",
              "Package: bash\nStatus: install ok installed\nArchitecture: amd64\nVersion: 5.2.15-2+b2\n"
              "Description: GNU Bourne Again SHell\n Package: not-me\n .\n Version: 0\n"
              "\n"
              "Package: gone\nStatus: deinstall ok config-files\nArchitecture: amd64\nVersion: 1\n"
              "\n\n"
              "Package: held\nStatus: hold ok installed\nArchitecture: all\nVersion: 1:2~rc1\n"
              "\n"
              "Package: waits\nStatus: install ok triggers-pending\nArchitecture: all\nVersion: 1\n"
              "\n"
              "Package: half\nStatus: install ok half-installed\nArchitecture: all\nVersion: 1\n"
              "\n"
              "Package: ../evil name\nStatus: install ok installed\nArchitecture: all\nVersion: 1\n"
              "\n"
              "Package: noarch\nStatus: install ok installed\nVersion: 1\n"
              "\n"
              "Package: libx\nStatus: install ok installed\nArchitecture: i386\nVersion: 1\n"
              "\n"
              "Package: libx\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1");

  g_autoptr (HostInventory) inventory = collect (fixture);
  HostApplication *bash = find_application (inventory, HOST_APPLICATION_PACKAGE, "bash:amd64");
  g_assert_cmpstr (bash->name, ==, "bash");
  g_assert_cmpstr (bash->version, ==, "5.2.15-2+b2");
  g_assert_cmpstr (bash->description, ==, "GNU Bourne Again SHell");
  g_assert_cmpstr (find_application (inventory, HOST_APPLICATION_PACKAGE, "held:all")->version, ==,
                   "1:2~rc1");
  g_assert_nonnull (find_application (inventory, HOST_APPLICATION_PACKAGE, "waits:all"));
  g_assert_nonnull (find_application (inventory, HOST_APPLICATION_PACKAGE, "libx:i386"));
  g_assert_nonnull (find_application (inventory, HOST_APPLICATION_PACKAGE, "libx:amd64"));
  g_assert_cmpuint (inventory->applications->len, ==, 1 + 5);
  g_assert_true (mentions (inventory->warnings, "2 installed packages"));
}

/* Network and sockets */

static void
write_network (Fixture *fixture)
{
  write_text (fixture, "sys/class/net/lo/address", "00:00:00:00:00:00\n");
  write_text (fixture, "sys/class/net/eth0/address", "02:FC:00:00:00:01\n");
  write_text (fixture, "sys/class/net/tun0/address", "0a:00:00:01\n");
  write_text (fixture, "sys/class/net/bad0/address", "02:fc:00:00:00:0x\n");
  write_text (fixture, "proc/1/net/if_inet6",
              "00000000000000000000000000000001 01 80 10 80       lo\n"
              "fd000000000000000000000000000002 04 40 00 82     eth0\n"
              "fe8000000000000000fc00fffe000001 04 40 20 80     eth0\n"
              "fd00 04 40 00 82     eth0\nnonsense\n");
  write_text (fixture, "proc/1/net/fib_trie",
              "Main:\n"
              "  +-- 0.0.0.0/0 3 0 5\n"
              "     |-- 0.0.0.0\n"
              "        /0 universe UNICAST\n"
              "        |-- 10.0.0.0\n"
              "           /24 link UNICAST\n"
              "        |-- 10.0.0.5\n"
              "           /32 host LOCAL\n"
              "        |-- 10.0.0.255\n"
              "           /32 link BROADCAST\n"
              "Local:\n"
              "           |-- 127.0.0.1\n"
              "              /32 host LOCAL\n"
              "        |-- 10.0.0.5\n"
              "           /32 host LOCAL\n");
}

static void
test_network (Fixture *fixture, gconstpointer data)
{
  write_network (fixture);

  g_autoptr (HostInventory) inventory = collect (fixture);
  guint n_addresses = 0, n_macaddresses = 0;
  for (guint i = 0; i < inventory->interfaces->len; i++)
    {
      HostInterface *interface = inventory->interfaces->pdata[i];
      n_addresses += interface->addresses->len;
      n_macaddresses += interface->macaddress != NULL;
      if (g_strcmp0 (interface->name, "eth0") == 0)
        {
          g_assert_cmpstr (interface->macaddress, ==, "02:fc:00:00:00:01");
          g_assert_cmpstr (interface->addresses->pdata[0], ==, "fd00::2");
          g_assert_cmpstr (interface->addresses->pdata[1], ==, "fe80::fc:ff:fe00:1");
        }
      if (!interface->name)
        g_assert_cmpstr (interface->addresses->pdata[0], ==, "10.0.0.5");
    }
  g_assert_cmpuint (n_addresses, ==, 3);
  g_assert_cmpuint (n_macaddresses, ==, 1);
}

#if G_BYTE_ORDER == G_LITTLE_ENDIAN
#define LOOPBACK "0100007F"
#define LOOPBACK6 "00000000000000000000000001000000"
#define MAPPED "0000000000000000FFFF00000500000A"
#define OTHER "0200000A"
#else
#define LOOPBACK "7F000001"
#define LOOPBACK6 "00000000000000000000000000000001"
#define MAPPED "00000000000000000000FFFF0A000005"
#define OTHER "0A000002"
#endif
#define ANY "00000000"
#define ANY6 ANY ANY ANY ANY
#define REST "00000000:00000000 00:00000000 00000000  1000        0 "
#define HEADING                                                                                              \
  "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"

static void
write_process (Fixture *fixture, const char *pid, const char *program, guint uid, const char *const *sockets)
{
  g_autofree char *exe = g_build_filename ("proc", pid, "exe", NULL);
  g_autofree char *status = g_build_filename ("proc", pid, "status", NULL);
  g_autofree char *text = g_strdup_printf ("Name:\tx\nUid:\t0\t%u\t0\t0\n", uid);

  write_link (fixture, exe, program);
  write_text (fixture, status, text);
  for (guint i = 0; sockets[i]; i++)
    {
      g_autofree char *name = g_strdup_printf ("proc/%s/fd/%u", pid, i);
      write_link (fixture, name, sockets[i]);
    }
}

static void
write_machine (Fixture *fixture)
{
  write_network (fixture);
  write_text (fixture, "etc/passwd",
              "root:x:0:0:root:/root:/bin/bash\n"
              "www:x:33:33::/var/www:/usr/sbin/nologin\n"
              "ann:x:1000:1000:Ann:/home/ann:/bin/sh\n");
  write_text (fixture, "var/lib/dpkg/status",
              "Package: webd\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1\n\n"
              "Package: sshd\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1\n");
  write_text (fixture, "var/lib/dpkg/info/webd:amd64.list", "/.\n/usr\n/usr/sbin\n/usr/sbin/webd\n");
  write_text (fixture, "var/lib/dpkg/info/sshd.list", "/.\n/sbin\n/sbin/sshd\n");
  write_text (fixture, "var/lib/dpkg/info/removed.list", "/opt/own\n");
  write_text (fixture, "proc/sys/net/ipv4/ip_local_port_range", "40000\t50000\n");
  write_text (fixture, "proc/1/net/tcp",
              HEADING "   0: " ANY ":0016 " ANY ":0000 0A " REST "101 1 0 100 0 0 10 0\n"
                      "   1: " LOOPBACK ":1538 " ANY ":0000 0A " REST "102 1 0\n"
                      "   2: " LOOPBACK ":9C41 " ANY ":0000 0A " REST "103 1 0\n"
                      "   3: " ANY ":0016 " OTHER ":1234 01 " REST "104 1 0\n"
                      "   4: zz:0016 nonsense\n"
                      "   5: 0000000000:0017 " ANY ":0000 0A " REST "105 1 0\n");
  write_text (fixture, "proc/1/net/tcp6",
              HEADING "   0: " ANY6 ":0016 " ANY6 ":0000 0A " REST "201 1 0\n"
                      "   1: " ANY6 ":0050 " ANY6 ":0000 0A " REST "202 1 0\n"
                      "   2: " MAPPED ":1F90 " ANY6 ":0000 0A " REST "203 1 0\n"
                      "   3: " LOOPBACK6 ":0019 " ANY6 ":0000 0A " REST "204 1 0\n");
  write_text (fixture, "proc/1/net/udp",
              HEADING "   0: " ANY ":0044 " ANY ":0000 07 " REST "301 2 0 0\n"
                      "   1: " ANY ":9C42 " ANY ":0000 07 " REST "302 2 0 0\n"
                      "   2: " LOOPBACK ":0043 " OTHER ":0035 01 " REST "303 2 0 0\n");

  write_process (fixture, "100", "/usr/sbin/sshd", 0,
                 (const char *const[]){ "socket:[101]", "socket:[201]", NULL });
  write_process (fixture, "200", "/sbin/webd (deleted)", 33,
                 (const char *const[]){ "/dev/null", "socket:[202]", "socket:[203]", "socket:[999]", NULL });
  write_process (fixture, "201", "/usr/sbin/webd", 0, (const char *const[]){ "socket:[202]", NULL });
  write_process (fixture, "300", "/opt/own", 1000,
                 (const char *const[]){ "socket:[103]", "socket:[103]", NULL });
  /* In a container with the host's network: a file of that name, but of another root. */
  write_process (fixture, "400", "/usr/sbin/webd", 77, (const char *const[]){ "socket:[301]", NULL });
  write_link (fixture, "proc/400/root", "..");
  write_link (fixture, "proc/100/root", "../..");
}

static void
test_sockets (Fixture *fixture, gconstpointer data)
{
  write_machine (fixture);

  g_autoptr (HostInventory) inventory = collect (fixture);
  HostApplication *sshd = find_application (inventory, HOST_APPLICATION_PACKAGE, "sshd:amd64");
  HostApplication *webd = find_application (inventory, HOST_APPLICATION_PACKAGE, "webd:amd64");
  HostApplication *own = find_application (inventory, HOST_APPLICATION_PROGRAM, "/opt/own");
  HostApplication *foreign = find_application (inventory, HOST_APPLICATION_PROGRAM, "/usr/sbin/webd");

  g_assert_cmpuint (inventory->ports->len, ==, 8);

  HostPort *ssh = find_port (inventory, "tcp", "0.0.0.0", 22);
  g_assert_cmpuint (ssh->owners->len, ==, 1);
  g_assert_true (ssh->owners->pdata[0] == sshd);
  g_assert_false (find_port (inventory, "tcp", "::", 22)->takes_ipv4);

  HostPort *http = find_port (inventory, "tcp", "::", 80);
  g_assert_true (http->takes_ipv4);
  g_assert_cmpuint (http->owners->len, ==, 1);
  g_assert_true (http->owners->pdata[0] == webd);
  g_assert_cmpuint (webd->run_by->len, ==, 2);

  g_assert_true (find_port (inventory, "tcp", "10.0.0.5", 8080)->owners->pdata[0] == webd);
  g_assert_cmpuint (find_port (inventory, "tcp", "127.0.0.1", 5432)->owners->len, ==, 0);
  g_assert_nonnull (find_port (inventory, "tcp", "::1", 25));
  g_assert_true (find_port (inventory, "udp", "0.0.0.0", 68)->owners->pdata[0] == foreign);
  g_assert_cmpuint (foreign->run_by->len, ==, 0);

  /* Ephemeral: a listening TCP socket counts, a UDP one does not. */
  g_assert_true (find_port (inventory, "tcp", "127.0.0.1", 40001)->owners->pdata[0] == own);
  g_assert_cmpstr (own->name, ==, "own");
  g_assert_true (own->run_by->pdata[0] == find_account (inventory, "ann"));
  g_assert_null (find_port (inventory, "udp", "0.0.0.0", 40002));

  GPtrArray *told = geteuid () == 0 ? inventory->infos : inventory->warnings;
  g_assert_true (mentions (told, "2 of 8 listening sockets"));
}

static void
test_bindv6only (Fixture *fixture, gconstpointer data)
{
  write_machine (fixture);
  write_text (fixture, "proc/sys/net/ipv6/bindv6only", "1\n");

  g_autoptr (HostInventory) inventory = collect (fixture);
  g_assert_false (find_port (inventory, "tcp", "::", 80)->takes_ipv4);
}

/* The graph */

typedef struct
{
  CarCoreModel *model;
  CarImportSchema *schema;
  GHashTable *vertices; /* "collection/name" to the JsonObject */
  GHashTable *edges;    /* "collection from to" */
  GHashTable *kinds;    /* collections of edges */
} Graph;

static JsonObject *
parse_record (Graph *graph, const char *collection, const CarRecord *record)
{
  g_autofree char *json = car_record_to_json (record);
  g_autoptr (GError) error = NULL;

  /* What the schema does not name it would let pass. */
  g_assert_true (car_import_schema_has_collection (graph->schema, collection));
  car_import_schema_validate_object (graph->schema, collection, json, -1, &error);
  g_assert_no_error (error);
  g_autoptr (JsonNode) node = json_from_string (json, &error);

  g_assert_no_error (error);
  return json_object_ref (json_node_get_object (node));
}

static gboolean
take_vertex (const char *collection, const CarRecord *record, gpointer user_data, GError **error)
{
  Graph *graph = user_data;
  JsonObject *object = parse_record (graph, collection, record);
  const char *name = json_object_get_string_member_with_default (object, "_key", NULL);

  if (!name)
    name = json_object_get_string_member (object, "external_id");
  g_assert_true (g_hash_table_insert (graph->vertices, g_strjoin ("/", collection, name, NULL), object));
  return TRUE;
}

static char *
get_end (JsonObject *edge, const char *end, const char *collection)
{
  g_autofree char *by_id = g_strconcat (end, "_external_id", NULL);

  if (json_object_has_member (edge, by_id))
    return g_strjoin ("/", collection, json_object_get_string_member (edge, by_id), NULL);
  return g_strdup (json_object_get_string_member (edge, end));
}

static gboolean
take_edge (const char *collection, const CarRecord *record, gpointer user_data, GError **error)
{
  Graph *graph = user_data;
  g_autoptr (JsonObject) object = parse_record (graph, collection, record);
  g_auto (GStrv) ends = g_strsplit (collection, "_", 2);
  g_autofree char *from = get_end (object, "_from", ends[0]);
  g_autofree char *to = get_end (object, "_to", ends[1]);

  /* No edge leads to what is not there. */
  g_assert_true (g_hash_table_contains (graph->vertices, from));
  g_assert_true (g_hash_table_contains (graph->vertices, to));
  g_assert_true (g_hash_table_add (graph->edges, g_strjoin (" ", collection, from, to, NULL)));
  g_hash_table_add (graph->kinds, g_strdup (collection));
  return TRUE;
}

static void
make_graph (Graph *graph, HostInventory *inventory)
{
  g_autoptr (GError) error = NULL;

  graph->model = car_core_model_new (&error);
  g_assert_no_error (error);
  g_autofree char *schema = car_core_model_to_import_schema (graph->model);
  graph->schema = car_import_schema_new (schema, -1, &error);
  g_assert_no_error (error);

  graph->vertices =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) json_object_unref);
  graph->edges = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  graph->kinds = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  host_graph_foreach_vertex (inventory, take_vertex, graph, &error);
  g_assert_no_error (error);
  host_graph_foreach_edge (inventory, take_edge, graph, &error);
  g_assert_no_error (error);
}

static void
clear_graph (Graph *graph)
{
  g_object_unref (graph->model);
  g_object_unref (graph->schema);
  g_hash_table_unref (graph->vertices);
  g_hash_table_unref (graph->edges);
  g_hash_table_unref (graph->kinds);
}

static gboolean
has_edge (Graph *graph, const char *collection, const char *from, const char *to)
{
  g_autofree char *name = g_strjoin (" ", collection, from, to, NULL);

  return g_hash_table_contains (graph->edges, name);
}

static gboolean
has_collection (Graph *graph, const char *collection)
{
  g_autofree char *prefix = g_strconcat (collection, "/", NULL);
  GHashTableIter iter;
  gpointer name;

  g_hash_table_iter_init (&iter, graph->vertices);
  while (g_hash_table_iter_next (&iter, &name, NULL))
    if (g_str_has_prefix (name, prefix))
      return TRUE;
  return FALSE;
}

#define ID(collection, rest) collection "/" ASSET_ID ":" rest

static void
test_edges (Fixture *fixture, gconstpointer data)
{
  Graph graph;

  write_machine (fixture);
  g_autoptr (HostInventory) inventory = collect (fixture);
  make_graph (&graph, inventory);

  /* All that the core model has between the collections imported. */
  g_auto (GStrv) collections = car_core_model_get_edges (graph.model);
  for (guint i = 0; collections[i]; i++)
    {
      const char *from, *to;
      g_assert_true (car_core_model_get_edge_ends (graph.model, collections[i], &from, &to));
      g_assert_cmpint (g_hash_table_contains (graph.kinds, collections[i]), ==,
                       has_collection (&graph, from) && has_collection (&graph, to));
    }
  g_assert_cmpuint (g_hash_table_size (graph.kinds), ==, 14);

  const char *ssh4 = ID ("port", "tcp:0.0.0.0:22"), *ssh6 = ID ("port", "tcp::::22");
  const char *http = ID ("port", "tcp::::80"), *local = ID ("port", "tcp:127.0.0.1:40001");
  const char *webd = ID ("application", "package:webd:amd64"), *own = ID ("application", "program:/opt/own");

  g_assert_true (has_edge (&graph, "ipaddress_port", "ipaddress/10.0.0.5", ssh4));
  g_assert_false (has_edge (&graph, "ipaddress_port", "ipaddress/fd00::2", ssh4));
  g_assert_true (has_edge (&graph, "ipaddress_port", "ipaddress/fd00::2", ssh6));
  g_assert_false (has_edge (&graph, "ipaddress_port", "ipaddress/10.0.0.5", ssh6));
  g_assert_true (has_edge (&graph, "ipaddress_port", "ipaddress/10.0.0.5", http));
  g_assert_true (has_edge (&graph, "ipaddress_port", "ipaddress/fd00::2", http));
  g_assert_true (has_edge (&graph, "application_port", webd, http));
  g_assert_true (has_edge (&graph, "application_ipaddress", webd, "ipaddress/10.0.0.5"));

  /* On a loopback address: owned, but at no address of the graph. */
  g_assert_false (g_hash_table_contains (graph.vertices, "ipaddress/127.0.0.1"));
  g_assert_true (g_hash_table_contains (graph.vertices, local));
  g_assert_true (has_edge (&graph, "application_port", own, local));
  g_assert_false (has_edge (&graph, "application_ipaddress", own, "ipaddress/10.0.0.5"));
  g_assert_true (has_edge (&graph, "account_application", ID ("account", "account:ann"), own));

  g_assert_true (
      has_edge (&graph, "ipaddress_macaddress", "ipaddress/fd00::2", "macaddress/02:fc:00:00:00:01"));
  g_assert_true (has_edge (&graph, "user_account", ID ("user", "user:ann"), ID ("account", "account:ann")));
  g_assert_false (g_hash_table_contains (graph.vertices, ID ("user", "user:www")));
  g_assert_true (has_edge (&graph, "account_ipaddress", ID ("account", "account:ann"), "ipaddress/10.0.0.5"));
  g_assert_false (
      has_edge (&graph, "account_ipaddress", ID ("account", "account:www"), "ipaddress/10.0.0.5"));
  g_assert_true (has_edge (&graph, "account_hostname", ID ("account", "account:www"), "hostname/db1"));
  clear_graph (&graph);
}

static JsonObject *
lookup_vertex (Graph *graph, const char *name)
{
  JsonObject *object = g_hash_table_lookup (graph->vertices, name);

  g_assert_nonnull (object);
  return object;
}

static void
test_vertices (Fixture *fixture, gconstpointer data)
{
  Graph graph;

  write_machine (fixture);
  g_autoptr (HostInventory) inventory = collect (fixture);
  make_graph (&graph, inventory);

  JsonObject *asset = lookup_vertex (&graph, "asset/" ASSET_ID);
  g_assert_cmpstr (json_object_get_string_member (asset, "name"), ==, "db1");

  JsonObject *port = lookup_vertex (&graph, ID ("port", "tcp:0.0.0.0:22"));
  g_assert_cmpint (json_object_get_int_member (port, "port_number"), ==, 22);
  g_assert_cmpstr (json_object_get_string_member (port, "protocol"), ==, "tcp");
  g_assert_cmpstr (json_object_get_string_member (port, "status"), ==, "listening");

  JsonObject *package = lookup_vertex (&graph, ID ("application", "package:webd:amd64"));
  JsonObject *properties = json_object_get_object_member (package, "properties");
  g_assert_cmpstr (json_object_get_string_member (properties, "version"), ==, "1");
  g_assert_cmpstr (json_object_get_string_member (properties, "architecture"), ==, "amd64");
  g_assert_false (json_object_get_boolean_member (package, "is_os"));

  JsonObject *system = lookup_vertex (&graph, ID ("application", "os:system"));
  g_assert_true (json_object_get_boolean_member (system, "is_os"));

  JsonObject *mac = lookup_vertex (&graph, "macaddress/02:fc:00:00:00:01");
  g_assert_cmpstr (json_object_get_string_member (mac, "interface"), ==, "eth0");
  clear_graph (&graph);
}

static char *
get_digest (Fixture *fixture)
{
  g_autoptr (HostInventory) inventory = collect (fixture);

  return host_graph_get_digest (inventory);
}

static void
test_digest (Fixture *fixture, gconstpointer data)
{
  write_machine (fixture);
  g_autofree char *first = get_digest (fixture);
  g_assert_cmpuint (strlen (first), ==, 64);

  /* Another order, other process ids, a client's socket: the machine is the same. */
  write_text (fixture, "var/lib/dpkg/status",
              "Package: sshd\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1\n\n"
              "Package: webd\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1\n");
  write_text (fixture, "proc/1/net/udp6", HEADING "   0: " ANY6 ":9C43 " ANY6 ":0000 07 " REST "401 2 0 0\n");
  remove_path (fixture, "proc/300/fd/0");
  remove_path (fixture, "proc/300/fd/1");
  write_process (fixture, "17", "/opt/own", 1000, (const char *const[]){ "socket:[103]", NULL });
  g_autofree char *second = get_digest (fixture);
  g_assert_cmpstr (first, ==, second);

  write_text (fixture, "var/lib/dpkg/status",
              "Package: sshd\nStatus: install ok installed\nArchitecture: amd64\nVersion: 2\n\n"
              "Package: webd\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1\n");
  g_autofree char *upgraded = get_digest (fixture);
  g_assert_cmpstr (first, !=, upgraded);

  write_text (fixture, "proc/1/net/udp6", HEADING "   0: " ANY6 ":0045 " ANY6 ":0000 07 " REST "401 2 0 0\n");
  g_autofree char *listening = get_digest (fixture);
  g_assert_cmpstr (upgraded, !=, listening);
}

static gboolean
refuse (const char *collection, const CarRecord *record, gpointer user_data, GError **error)
{
  guint *n_calls = user_data;

  (*n_calls)++;
  g_set_error_literal (error, CAR_APP_ERROR, CAR_APP_ERROR_GENERAL, "full");
  return FALSE;
}

static void
test_stops_at_error (Fixture *fixture, gconstpointer data)
{
  g_autoptr (HostInventory) inventory = collect (fixture);
  g_autoptr (GError) error = NULL;
  guint n_calls = 0;

  g_assert_false (host_graph_foreach_vertex (inventory, refuse, &n_calls, &error));
  g_assert_error (error, CAR_APP_ERROR, CAR_APP_ERROR_GENERAL);
  g_assert_cmpuint (n_calls, ==, 1);
}

/* What should not be there */

static void
test_empty (Fixture *fixture, gconstpointer data)
{
  Graph graph;
  g_autoptr (HostInventory) inventory = collect (fixture);

  g_assert_cmpuint (inventory->warnings->len, ==, 0);
  g_assert_true (mentions (inventory->infos, "no package"));
  g_assert_true (mentions (inventory->infos, "no port"));
  g_assert_true (mentions (inventory->infos, "no address"));
  make_graph (&graph, inventory);
  g_assert_cmpuint (g_hash_table_size (graph.vertices), ==, 3);
  clear_graph (&graph);
}

static void
test_broken_files (Fixture *fixture, gconstpointer data)
{
  g_autofree char *fifo = NULL;

  write_machine (fixture);
  write_link (fixture, "etc/hosts", "hosts");
  write_link (fixture, "etc/os-release", "../../../../../../../../../../../etc/os-release");
  write_text (fixture, "sys/class/net/eth0/address", "");
  fifo = make_path (fixture, "etc/shadow");
  g_assert_cmpint (mkfifo (fifo, 0600), ==, 0);
  remove_path (fixture, "var/lib/dpkg/info/sshd.list");
  write_text (fixture, "var/lib/dpkg/info/sshd.list/folder", "");

  g_autoptr (HostInventory) inventory = collect (fixture);
  g_assert_true (mentions (inventory->warnings, "/etc/hosts cannot be read"));
  g_assert_true (mentions (inventory->infos, "/etc/shadow"));
  g_assert_true (mentions (inventory->warnings, "sshd.list cannot be read"));
  /* The link is followed, but not out of the root. */
  g_assert_cmpstr (find_application (inventory, HOST_APPLICATION_SYSTEM, "system")->name, ==, "Linux");
  g_assert_cmpuint (inventory->accounts->len, ==, 3);
  g_assert_cmpuint (inventory->ports->len, ==, 8);
}

static void
test_link_out_of_root (Fixture *fixture, gconstpointer data)
{
  Fixture outside = { NULL };

  set_up (&outside, NULL);
  write_text (&outside, "passwd", "spy:x:0:0::/:/bin/sh\n");
  g_autofree char *target = g_build_filename (outside.root, "passwd", NULL);
  write_link (fixture, "etc/passwd", target);

  g_autoptr (HostInventory) inventory = collect (fixture);
  g_assert_cmpuint (inventory->accounts->len, ==, 0);
  tear_down (&outside, NULL);
}

static void
test_hostile_bytes (Fixture *fixture, gconstpointer data)
{
  static const char passwd[] = "a\xff"
                               "b:x:1:1::/:/bin/sh\n"
                               "c\0d:x:2:2::/:/bin/sh\n"
                               "good:x:3:3:caf\xe9:/:/bin/sh\n"
                               "e\x1b[31m:x:4:4::/:/bin/sh\n";
  static const char status[] = "Package: a\0b\nStatus: install ok installed\nArchitecture: all\n\n"
                               "Package: good\nStatus: install ok installed\nArchitecture: all\n"
                               "Description: \xff\xfe\0\x01 text\n";
  Graph graph;
  g_autofree char *line = g_strnfill (3 * 1024 * 1024, 'x');
  g_autoptr (GString) long_status =
      g_string_new ("Package: tall\nStatus: install ok installed\nArchitecture: all\nDescription: ");

  write_bytes (fixture, "etc/passwd", passwd, sizeof passwd - 1);
  g_string_append (long_status, line);
  g_string_append (long_status, "\n\n");
  g_string_append_len (long_status, status, sizeof status - 1);
  write_bytes (fixture, "var/lib/dpkg/status", long_status->str, (gssize) long_status->len);
  write_text (fixture, "etc/hosts", line);
  write_text (fixture, "etc/os-release", line);
  write_text (fixture, "proc/1/net/tcp", line);
  write_text (fixture, "proc/1/net/fib_trie", line);
  write_text (fixture, "proc/1/net/if_inet6", line);
  write_text (fixture, "sys/class/net/eth0/address", line);

  g_autoptr (HostInventory) inventory = collect (fixture);
  g_assert_cmpuint (inventory->accounts->len, ==, 1);
  g_assert_cmpstr (find_account (inventory, "good")->full_name, ==, "caf\xef\xbf\xbd");
  g_assert_true (mentions (inventory->warnings, "3 lines of /etc/passwd"));
  HostApplication *good = find_application (inventory, HOST_APPLICATION_PACKAGE, "good:all");
  g_assert_true (g_utf8_validate (good->description, -1, NULL));
  g_assert_cmpuint (strlen (find_application (inventory, HOST_APPLICATION_PACKAGE, "tall:all")->description),
                    ==, 1000);
  make_graph (&graph, inventory);
  clear_graph (&graph);
}

static void
test_too_large (Fixture *fixture, gconstpointer data)
{
  g_autofree char *path = make_path (fixture, "etc/passwd");

  write_text (fixture, "etc/passwd", "");
  g_assert_cmpint (truncate (path, 65 * 1024 * 1024), ==, 0);
  g_autoptr (HostInventory) inventory = collect (fixture);
  g_assert_true (mentions (inventory->warnings, "etc/passwd cannot be read"));
}

static void
test_cancelled (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (HostInventory) inventory = host_inventory_open (fixture->root, NULL);
  g_autoptr (GError) error = NULL;

  g_cancellable_cancel (cancellable);
  g_assert_false (host_inventory_collect (inventory, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

/* The machine that runs the test: whatever it holds, the graph of it holds together. */
static void
test_this_machine (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (HostInventory) inventory = host_inventory_open ("/", &error);
  Graph graph;

  if (g_error_matches (error, CAR_DATASOURCE_FAILURE, CAR_DATASOURCE_FAILURE_UNKNOWN))
    {
      g_test_skip ("this machine has no machine id");
      return;
    }
  g_assert_no_error (error);
  host_inventory_collect (inventory, NULL, &error);
  g_assert_no_error (error);
  make_graph (&graph, inventory);
  g_test_message ("%u vertices, %u edges", g_hash_table_size (graph.vertices),
                  g_hash_table_size (graph.edges));
  g_assert_cmpuint (g_hash_table_size (graph.vertices), >=, 2);
  clear_graph (&graph);
}

static gboolean
can_read_other_roots (void)
{
  g_autofree char *root = g_dir_make_tmp ("test-host-XXXXXX", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (HostInventory) inventory = host_inventory_open (root, &error);

  g_assert_null (inventory);
  remove_tree (root);
  return strstr (error->message, "openat2") == NULL;
}

int
main (int argc, char **argv)
{
  static const struct
  {
    const char *name;
    void (*run) (Fixture *fixture, gconstpointer data);
  } tests[] = {
    { "identity", test_identity },
    { "identity-fallback", test_identity_fallback },
    { "identity-missing", test_identity_missing },
    { "root-missing", test_root_missing },
    { "names", test_names },
    { "no-name", test_no_name },
    { "system", test_system },
    { "accounts", test_accounts },
    { "packages", test_packages },
    { "network", test_network },
    { "sockets", test_sockets },
    { "bindv6only", test_bindv6only },
    { "edges", test_edges },
    { "vertices", test_vertices },
    { "digest", test_digest },
    { "stops-at-error", test_stops_at_error },
    { "empty", test_empty },
    { "broken-files", test_broken_files },
    { "link-out-of-root", test_link_out_of_root },
    { "hostile-bytes", test_hostile_bytes },
    { "too-large", test_too_large },
    { "cancelled", test_cancelled },
  };

  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/host/this-machine", test_this_machine);

  /* Old kernels and valgrind have no openat2(2), without which other roots are refused. */
  for (guint i = 0; can_read_other_roots () && i < G_N_ELEMENTS (tests); i++)
    {
      g_autofree char *path = g_strconcat ("/host/", tests[i].name, NULL);
      g_test_add (path, Fixture, NULL, set_up, tests[i].run, tear_down);
    }
  return g_test_run ();
}
