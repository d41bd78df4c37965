"""Every picture says that a machine altered it: in what words, signed by whom; and what a file that comes back says.

A signer that fails loses no picture and no credit: the picture is kept with the unsigned mark alone, operators are
told, and `resigning` signs it when the signer works again.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from generations import marks, signing
from generations.models import Generation, Picture, Signature
from projects import image_pool

SECONDS = 30.0  # for one picture; usually a tenth of a second
# In files, and so in English: they are read far from here.
ALTERED_WORDS = "Digitally altered: this picture was made from a photo by artificial intelligence."
GENERATED_WORDS = "Digitally generated: this picture was made by artificial intelligence."
_FROM_DRAWINGS = ("render",)  # modes whose source is no photo
_AGENTS = {"meltflex": "MeltFlex", "preview": "Roomwright preview engine"}


def statement(
    *, generation: Generation, title: str, caption: str = "", original: str = ""
) -> marks.Statement:
    """What a file with a picture of this generation says of itself."""
    generated = generation.mode in _FROM_DRAWINGS
    return marks.Statement(
        source_type=marks.GENERATED if generated else marks.ALTERED,
        caption=caption or (GENERATED_WORDS if generated else ALTERED_WORDS),
        original=original,
        title=title,
        agent=_AGENTS.get(generation.engine, generation.engine),
    )


def mark_file(*, path: Path, generation: Generation) -> tuple[Signature, str]:
    """Mark an engine's PNG in place, in an image process; whose signature it has now, and why it has none."""
    says = statement(generation=generation, title=generation.public_id)
    try:
        signer = signing.current()
        problem = image_pool.run(
            marks.mark_png_file, str(path), says=says, by=signer.signing, seconds=SECONDS
        )
    except (signing.NoSigner, image_pool.ImageWorkFailed, OSError) as error:
        _label_here(path, says)
        return Signature.WAITING, str(error)[:300]
    return (Signature.WAITING if problem else signature_of(signer)), problem


def _label_here(path: Path, says: marks.Statement) -> None:
    """The unsigned mark, which needs no decoder and no other process."""
    png = path.read_bytes()
    path.write_bytes(marks.png_with_xmp(png, marks.packet(says)))


def signature_of(signer: signing.Signer) -> Signature:
    """What rows say of a file that it signed."""
    return Signature.TEST if signer.is_test else Signature.OWN


class Verdict(StrEnum):
    """What a file turned out to be."""

    OURS = "ours"
    OTHERS = "others"
    BROKEN = "broken"
    LABELLED = "labelled"
    UNMARKED = "unmarked"


WORDS: dict[Verdict, tuple[str | Promise, str | Promise]] = {
    Verdict.OURS: (
        _("Signed here, and unchanged since"),
        _(
            "This file carries content credentials that this site signed, and not a byte of it has changed since."
        ),
    ),
    Verdict.OTHERS: (
        _("Signed by somebody else, and unchanged since"),
        _(
            "This file carries intact content credentials. Who signed them is unknown here: the name in them is what"
            " the signer says, and we keep no list of signers to trust."
        ),
    ),
    Verdict.BROKEN: (
        _("Changed since it was signed"),
        _(
            "This file carries content credentials that do not fit it: it was changed after it was signed, or the"
            " credentials were taken from another file. Believe nothing that they say."
        ),
    ),
    Verdict.LABELLED: (
        _("Labelled, but not signed"),
        _(
            "The file’s metadata says how it was made, but nobody has signed that. Anybody can write or remove such"
            " a label."
        ),
    ),
    Verdict.UNMARKED: (
        _("No marks found"),
        _(
            "This file carries no mark. That proves nothing: marks are lost when a picture is saved anew, photographed"
            " from a screen or sent through many services, and most pictures never had any. It may be a photo, and"
            " it may as well have been made by a machine."
        ),
    ),
}
_MEANINGS: dict[str, str | Promise] = {
    marks.ALTERED: _("a photo that was altered with artificial intelligence"),
    marks.GENERATED: _("made by artificial intelligence"),
}


@dataclass(frozen=True)
class Report:
    """What a file says of itself, for people. `says`: how it was made, in words or as IPTC's address; "" if nothing."""

    verdict: Verdict
    signer: str
    says: tuple[str, ...]
    by_test_certificate: bool
    failures: tuple[str, ...]

    @property
    def title(self) -> str:
        """In a few words."""
        return str(WORDS[self.verdict][0])

    @property
    def meaning(self) -> str:
        """What follows from it, and what does not."""
        return str(WORDS[self.verdict][1])


def verify(*, content: bytes) -> Report:
    """Read the marks of an untrusted picture, in an image process. Raises PhotoRefused and ImageWorkFailed."""
    found = image_pool.run(marks.read, content, anchors=signing.anchors(), seconds=SECONDS)
    if found.manifest == "none":
        verdict = Verdict.LABELLED if found.xmp_source_type else Verdict.UNMARKED
    elif found.manifest == "broken":
        verdict = Verdict.BROKEN
    else:
        verdict = Verdict.OURS if found.is_ours else Verdict.OTHERS
    named = found.source_types if verdict in (Verdict.OURS, Verdict.OTHERS) else ()
    told = named or ((found.xmp_source_type,) if found.xmp_source_type else ())
    return Report(
        verdict=verdict,
        signer=found.signer,
        says=tuple(str(_MEANINGS.get(name, name)) for name in told),
        by_test_certificate=verdict is Verdict.OURS and found.signer.startswith(signing.TEST_ISSUER),
        failures=tuple(code for code in found.failures if code != "signingCredential.untrusted"),
    )


SIGNATURE_WORDS: dict[str, str | Promise] = {
    Signature.OWN: _("signed content credentials, and a label in the metadata"),
    Signature.TEST: _(
        "a label in the metadata, and content credentials signed with this instance’s own test certificate,"
        " unknown to validators"
    ),
    Signature.WAITING: _("a label in the metadata; its content credentials are yet to be signed"),
}


def words_for(picture: Picture) -> str:
    """How the kept file of this picture is marked. One from before there were marks waits for both."""
    return str(SIGNATURE_WORDS[picture.signature])
