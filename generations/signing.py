"""Whose certificate signs pictures: the operator's, or one that this instance made for itself.

The latter is as good for trying out and for knowing our own pictures again; validators elsewhere know nothing of it.
"""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from django.conf import settings

from generations.marks import Signing

TEST_ISSUER = "Self-made test certificate, unknown to validators"
_TEST_FILE = "test-signer.pem"
_TEST_DAYS = 3650
_END = b"-----END PRIVATE KEY-----\n"


@dataclass(frozen=True)
class Signer:
    """Who signs. `is_test`: with the instance's own certificate, which nobody else can check."""

    signing: Signing
    anchors: bytes  # PEM; what we recognize as ours, older certificates of this instance included
    is_test: bool


class NoSigner(Exception):
    """The certificate or key that the settings name can't be read."""


def current() -> Signer:
    """The signer of this moment; makes the test certificate on first use. Raises NoSigner."""
    if settings.C2PA_CERTIFICATE:
        try:
            chain = Path(settings.C2PA_CERTIFICATE).read_bytes()
            key = Path(settings.C2PA_PRIVATE_KEY).read_bytes()
        except OSError as error:
            raise NoSigner(f"C2PA_CERTIFICATE or C2PA_PRIVATE_KEY: {error}") from error
        signing = Signing(chain, key, settings.C2PA_ALGORITHM)
        return Signer(signing, chain + _test_chain_if_any(), is_test=False)
    key, _, chain = _test_file().read_bytes().partition(_END)
    return Signer(Signing(chain, key + _END), chain, is_test=True)


def current_if_any() -> Signer | None:
    """The signer, or None where its certificate or key can't be read."""
    try:
        return current()
    except NoSigner:
        return None


def anchors() -> bytes:
    """PEM certificates whose signatures are ours; of a signer that can't be read, those that can."""
    try:
        return current().anchors
    except NoSigner:
        return _test_chain_if_any()


def _folder() -> Path:
    return Path(settings.C2PA_DIR)


def _test_chain_if_any() -> bytes:
    """Pictures from before the operator had a certificate stay ours."""
    path = _folder() / _TEST_FILE
    return path.read_bytes().partition(_END)[2] if path.exists() else b""


def _test_file() -> Path:
    path = _folder() / _TEST_FILE
    if path.exists():
        return path
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("wb", dir=path.parent, prefix="signer.") as draft:  # mode 0600
        draft.write(_made_for_tests(datetime.now(UTC)))
        draft.flush()
        os.fsync(draft.fileno())
        with suppress(FileExistsError):
            path.hardlink_to(draft.name)  # appears whole, and the first of several processes wins
    return path


def _made_for_tests(now: datetime) -> bytes:
    """A key, its certificate and that of the root which vouches for it; the root's key is forgotten."""
    root, leaf = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    root_name, leaf_name = _name("Root of this instance"), _name("Signer of this instance")
    authority = (
        _certificate(root_name, root_name, root, now)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .sign(root, hashes.SHA256())
    )
    certificate = (
        _certificate(leaf_name, root_name, leaf, now)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(root.public_key()), critical=False)
        .sign(root, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = leaf.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return private + certificate.public_bytes(pem) + authority.public_bytes(pem)


def _name(common_name: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, TEST_ISSUER),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )


def _certificate(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, now: datetime
) -> x509.CertificateBuilder:
    public = key.public_key()
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(public)
    builder = builder.serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(
        now + timedelta(days=_TEST_DAYS)
    )
    return builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
