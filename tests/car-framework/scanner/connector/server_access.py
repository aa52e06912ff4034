# SPDX-License-Identifier: Apache-2.0
import json

from car_framework.context import context


class AssetServer:
    def test_connection(self):
        return 0 if self.get_findings()["user"] == context().args.username else 52

    def get_findings(self):
        if not hasattr(self, "findings"):
            self.findings = json.load(context().args.findings)
        return self.findings
