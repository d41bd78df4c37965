"""Exit code 0 when the place where public advisories are kept answers: then a failed audit is a finding."""

from __future__ import annotations

import sys

import requests

if __name__ == "__main__":
    try:
        requests.get("https://pypi.org/pypi/pip/json", timeout=10).raise_for_status()
    except requests.RequestException:
        sys.exit(1)
