# SPDX-License-Identifier: Apache-2.0
"""deploy/kustomize: what is there has the members, types and values that Kubernetes knows, locks its pods in, and fits what the
programs do. Kubernetes' own words come from the npm package kubernetes-models, which makes types of its API, and are checked by
the TypeScript compiler; the overlay is made by kubectl. What is not there is skipped."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import exit_codes  # noqa: E402
import tap  # noqa: E402

try:
    import yaml
except ImportError:
    print("1..0 # SKIP python3-yaml is missing")
    sys.exit(77)

TOP, BUILD = pathlib.Path(os.environ["TOP_SRCDIR"]), pathlib.Path(os.environ["TOP_BUILDDIR"])
FOLDER = TOP / "deploy" / "kustomize"
USER = 10001
# What people make by hand, as docs/guide-deploy.md says: it is no part of the manifests.
BY_HAND = {("Secret", "car-service"), ("Secret", "car-service-tls"), ("Secret", "car-key"), ("Secret", "connection"),
           ("Secret", "connection-reference"), ("ConfigMap", "car-service-ca")}


def read_all(text):
    return [body for body in yaml.safe_load_all(text) if body is not None]


def in_files():
    return [body for file in sorted(FOLDER.rglob("*.yaml")) if file.name != "kustomization.yaml"
            for body in read_all(file.read_text(encoding="utf-8"))]


def rendered():
    """What kubectl apply -k would send, or None without a kubectl whose kustomize is new enough."""
    kubectl = shutil.which("kubectl")
    if kubectl is None:
        return None
    version = subprocess.run([kubectl, "version", "--client", "-o", "json"], capture_output=True, text=True, check=False)
    kustomize = json.loads(version.stdout or "{}").get("kustomizeVersion", "v0")
    if int(re.match(r"v(\d+)", kustomize)[1]) < 5:
        return None
    done = subprocess.run([kubectl, "kustomize", FOLDER / "example"], capture_output=True, text=True, check=True)
    return read_all(done.stdout)


FILES, RENDERED = in_files(), rendered()
ALL = FILES + (RENDERED or [])
need_kubectl = unittest.skipIf(RENDERED is None, "there is no kubectl with kustomize 5")


def only(kind, objects=None):
    return [body for body in (FILES if objects is None else objects) if body["kind"] == kind]


def pod_of(body):
    """The template of the pods that an object makes, or None."""
    spec = body.get("spec", {})
    return spec.get("jobTemplate", {}).get("spec", {}).get("template") or spec.get("template")


PODS = [pod_of(body) for body in ALL if pod_of(body) is not None]
CONTAINERS = [(pod, container) for pod in PODS for container in pod["spec"]["containers"]]


def types_folder():
    return next((pathlib.Path(folder, "kubernetes-models") for folder in os.environ.get("NODE_PATH", "").split(os.pathsep)
                 if folder and pathlib.Path(folder, "kubernetes-models").is_dir()), None)


class Kubernetes(unittest.TestCase):
    """The compiler refuses members that a literal has and its type has not."""

    def problems(self, objects):
        if types_folder() is None or shutil.which("tsc") is None:
            self.skipTest("the npm package kubernetes-models (in NODE_PATH) or tsc is missing")
        with tempfile.TemporaryDirectory() as folder:
            os.symlink(types_folder().parent, pathlib.Path(folder, "node_modules"))
            lines = []
            for number, body in enumerate(objects):
                lines += [f'import type {{ I{body["kind"]} as T{number} }} from "kubernetes-models/{body["apiVersion"]}";',
                          f"export const o{number}: T{number} = {json.dumps(body, indent=1)};"]
            pathlib.Path(folder, "package.json").write_text('{"type": "module"}')
            pathlib.Path(folder, "manifests.ts").write_text("\n".join(lines))
            done = subprocess.run(["tsc", "--noEmit", "--strict", "--skipLibCheck", "--module", "node16", "--target", "es2020",
                                   "--moduleResolution", "node16", "manifests.ts"],
                                  cwd=folder, capture_output=True, text=True, check=False)
            return done.stdout

    def test_all(self):
        self.assertEqual(self.problems(ALL), "")

    def test_the_check_sees_mistakes(self):
        mistakes = [{"schedul": "1"}, {"concurrencyPolicy": "Forbit"}, {"startingDeadlineSeconds": "600"}]
        bodies = [json.loads(json.dumps(only("CronJob")[0])) for _ in mistakes]
        for body, mistake in zip(bodies, mistakes):
            body["spec"].update(mistake)
        self.assertEqual(self.problems(bodies).count("error TS"), len(mistakes))


class Pods(unittest.TestCase):
    """What the profile "restricted" of pod security asks for, and a root that cannot be written."""

    def test_user(self):
        for pod in PODS:
            context = pod["spec"]["securityContext"]
            self.assertIs(context["runAsNonRoot"], True)
            self.assertEqual({context["runAsUser"], context["runAsGroup"], context["fsGroup"]}, {USER})
            self.assertEqual(context["seccompProfile"], {"type": "RuntimeDefault"})

    def test_the_group_is_not_let_into_folders_at_each_start(self):
        for pod in PODS:
            self.assertEqual(pod["spec"]["securityContext"]["fsGroupChangePolicy"], "OnRootMismatch")

    def test_containers(self):
        for _, container in CONTAINERS:
            self.assertEqual(container["securityContext"], {
                "allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}})
            self.assertIn("memory", container["resources"]["limits"])
            self.assertLessEqual({"cpu", "memory"}, container["resources"]["requests"].keys())

    def test_nothing_of_the_cluster_is_handed_in(self):
        for pod in PODS:
            self.assertIs(pod["spec"]["automountServiceAccountToken"], False)
            self.assertIs(pod["spec"]["enableServiceLinks"], False)

    def test_volumes(self):
        for body in ALL:
            if pod_of(body) is None:
                continue
            claims = {claim["metadata"]["name"] for claim in body["spec"].get("volumeClaimTemplates", [])}
            there = {volume["name"] for volume in pod_of(body)["spec"]["volumes"]} | claims
            mounted = {mount["name"] for container in pod_of(body)["spec"]["containers"] for mount in container["volumeMounts"]}
            self.assertEqual(mounted, there)


class Connection(unittest.TestCase):
    def setUp(self):
        self.jobs = only("CronJob", ALL)
        self.specs = [job["spec"]["jobTemplate"]["spec"] for job in self.jobs]

    def mounts(self, spec):
        return {mount["mountPath"]: mount["name"] for mount in spec["template"]["spec"]["containers"][0]["volumeMounts"]}

    def volume(self, spec, path):
        name = self.mounts(spec)[path]
        return next(volume for volume in spec["template"]["spec"]["volumes"] if volume["name"] == name)

    def test_one_run_at_a_time(self):
        for job in self.jobs:
            self.assertEqual(job["spec"]["concurrencyPolicy"], "Forbid")

    def test_every_exit_code_is_decided(self):
        codes = exit_codes.read(BUILD / "connectors" / "host" / "car-connector-host")
        for spec in self.specs:
            self.assertEqual(spec["template"]["spec"]["restartPolicy"], "Never")
            ignored, failed = spec["podFailurePolicy"]["rules"]
            self.assertEqual((ignored["action"], failed["action"]), ("Ignore", "FailJob"))
            self.assertEqual(failed["onExitCodes"]["operator"], "In")
            self.assertEqual(codes - set(failed["onExitCodes"]["values"]), {0, 10, 51, 130, 143})

    def test_secrets_are_where_libcar_reads_them(self):
        for spec in self.specs:
            sources = self.volume(spec, "/etc/secrets")["projected"]["sources"]
            self.assertEqual([item["path"] for source in sources for item in source["secret"].get("items", [])], [".jwk/key.jwk"])

    def test_state_outlives_the_pod(self):
        image = (TOP / "deploy" / "Containerfile").read_text(encoding="utf-8")
        folders = set(re.findall(r"CAR_STATE_DIR=(\S+)", image))
        self.assertEqual(folders, {"/var/lib/car"})
        for spec in self.specs:
            self.assertIn("persistentVolumeClaim", self.volume(spec, "/var/lib/car"))

    def test_settings_are_settings(self):
        program = BUILD / "connectors" / "reference" / "c" / "car-connector-reference"
        done = subprocess.run([program, "--help"], capture_output=True, text=True, check=True)
        known = set(re.findall(r"\(([A-Z][A-Z_]+)\)", done.stdout))
        given = {pair.split("=")[0] for file in FOLDER.rglob("kustomization.yaml")
                 for generator in yaml.safe_load(file.read_text(encoding="utf-8")).get("configMapGenerator", [])
                 for pair in generator.get("literals", [])}
        self.assertLessEqual(given, known)
        self.assertFalse([name for name in given if re.search("PASSWORD|TOKEN|SECRET", name)])


class Service(unittest.TestCase):
    def setUp(self):
        self.body = only("StatefulSet")[0]
        self.service, self.proxy = self.body["spec"]["template"]["spec"]["containers"]
        self.config = (FOLDER / "car-service" / "haproxy.cfg").read_text(encoding="utf-8")

    def test_one_writer(self):
        self.assertEqual(self.body["spec"]["replicas"], 1)

    def test_ports_fit(self):
        port = self.service["args"][self.service["args"].index("--port") + 1]
        self.assertIn(f"server car-service 127.0.0.1:{port}\n", self.config)
        self.assertIn(f"bind :::{self.proxy['ports'][0]['containerPort']} ", self.config)

    def test_the_data_is_on_a_volume(self):
        database = self.service["args"][self.service["args"].index("--database") + 1]
        self.assertIn({"name": "data", "mountPath": os.path.dirname(database)}, self.service["volumeMounts"])

    def test_the_proxy_waits_longer_than_the_service(self):
        header = (TOP / "service" / "http" / "car-service-server.h").read_text(encoding="utf-8")
        longest = int(re.search(r"CAR_SERVICE_BODY_SECONDS (\d+)", header)[1])
        for side in ("client", "server"):
            self.assertGreater(int(re.search(rf"timeout {side} (\d+)s", self.config)[1]), longest)


@need_kubectl
class Rendered(unittest.TestCase):
    def references(self):
        for pod in PODS[-len([body for body in RENDERED if pod_of(body)]):]:
            for container in pod["spec"]["containers"]:
                for source in container.get("envFrom", []):
                    for kind, key in (("ConfigMap", "configMapRef"), ("Secret", "secretRef")):
                        if key in source:
                            yield kind, source[key]["name"]
            for volume in pod["spec"]["volumes"]:
                for source in volume.get("projected", {}).get("sources", []):
                    yield "Secret", source["secret"]["name"]
                for kind, key, name in (("ConfigMap", "configMap", "name"), ("Secret", "secret", "secretName"),
                                        ("PersistentVolumeClaim", "persistentVolumeClaim", "claimName")):
                    if key in volume:
                        yield kind, volume[key][name]

    def test_what_pods_name_is_there(self):
        there = {(body["kind"], body["metadata"]["name"]) for body in RENDERED}
        self.assertEqual(set(self.references()) - there - BY_HAND, set())

    def labels(self, component):
        return [pod["metadata"]["labels"] for pod in PODS if component.items() <= pod["metadata"]["labels"].items()]

    def test_policies_select_pods(self):
        """A policy that selects nothing lets everything through, and a peer that is nobody lets nobody."""
        for policy in only("NetworkPolicy", RENDERED):
            spec = policy["spec"]
            self.assertEqual(spec["policyTypes"], ["Ingress", "Egress"])
            peers = [peer for rule in spec["ingress"] for peer in rule["from"]] + [peer for rule in spec["egress"] for peer in rule["to"]]
            selectors = [spec["podSelector"]] + [peer["podSelector"] for peer in peers if "podSelector" in peer and "namespaceSelector" not in peer]
            for selector in selectors:
                self.assertTrue(selector["matchLabels"])
                self.assertTrue(self.labels(selector["matchLabels"]), selector)

    def test_connections_are_told_apart(self):
        policy = next(body for body in only("NetworkPolicy", RENDERED) if body["metadata"]["name"] == "connection-reference")
        self.assertEqual(policy["spec"]["podSelector"]["matchLabels"]["app.kubernetes.io/instance"], "reference")

    def test_namespace(self):
        namespace, = only("Namespace", RENDERED)
        self.assertEqual(namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"], "restricted")
        for body in RENDERED:
            if body["kind"] != "Namespace":
                self.assertEqual(body["metadata"]["namespace"], namespace["metadata"]["name"])

    def test_images_have_a_tag(self):
        for pod in PODS[-len([body for body in RENDERED if pod_of(body)]):]:
            for container in pod["spec"]["containers"]:
                self.assertRegex(container["image"], r"/.*:[\d.]+$")


if __name__ == "__main__":
    tap.main()
