"""What a person can try after a picture that failed. Knows no rows: a failure's code is enough."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

_LATER: str | Promise = _("Ask again in a minute or two: it was nothing about your photo or your words.")
_TRY: dict[str, str | Promise] = {
    "bad_source": _("Choose another photo, or save this one as a JPEG first."),
    "rejected": _("Use other words or another photo: the same request would be turned away again."),
    "engine_failed": _("Ask again. If it fails once more, use other words or another photo."),
    "upstream_key_paused": _(
        "An owner or admin can mend the key under Settings › MeltFlex key; then ask again."
    ),
    "service_unavailable": _("Ask again in some minutes. Whoever runs this site sees that it is down."),
}


def what_to_try(code: str) -> str:
    """One sentence for the page of a failed picture."""
    return str(_TRY.get(code, _LATER))
