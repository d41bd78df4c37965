"""Where files are: on this machine's disk, or in a bucket that any number of machines share (decision 0045)."""

from __future__ import annotations

from typing import Any

import environ


def media(env: environ.Env) -> dict[str, Any]:
    """Django's settings of the storage for pictures; S3_BUCKET chooses the bucket."""
    bucket = env.str("S3_BUCKET", default="")
    if not bucket:
        return {"BACKEND": "django.core.files.storage.FileSystemStorage"}
    options = {
        "bucket": bucket,
        "prefix": env.str("S3_PREFIX", default=""),
        "endpoint": env.str("S3_ENDPOINT", default="").rstrip("/"),
        "region": env.str("S3_REGION", default="us-east-1"),
        "access_key_id": env.str("S3_ACCESS_KEY_ID", default=""),
        "secret_access_key": env.str("S3_SECRET_ACCESS_KEY", default=""),
    }
    return {"BACKEND": "accounts.bucket.Bucket", "OPTIONS": options}
