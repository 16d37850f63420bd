"""Servers behind TLS, rightly and wrongly: a proxy that speaks ``https``."""

from __future__ import annotations

import ssl
import warnings
from datetime import UTC, datetime, timedelta
from pathlib import Path

import trustme

from tests.support.meddler import Meddler, Rule

HERE = "127.0.0.1"
DAY = timedelta(days=1)


def server_side() -> ssl.SSLContext:
    """Of a server without a certificate yet."""
    return ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)


def with_certificate(certificate: trustme.LeafCert) -> ssl.SSLContext:
    """Of a server that shows it."""
    context = server_side()
    certificate.configure_cert(context)
    return context


def expired(ca: trustme.CA) -> ssl.SSLContext:
    """Its certificate was good until yesterday."""
    now = datetime.now(UTC)
    made = ca.issue_cert(HERE, not_before=now - 30 * DAY, not_after=now - DAY)
    return with_certificate(made)


def not_yet_valid(ca: trustme.CA) -> ssl.SSLContext:
    """Its certificate will be good from tomorrow on."""
    now = datetime.now(UTC)
    made = ca.issue_cert(HERE, not_before=now + DAY, not_after=now + 30 * DAY)
    return with_certificate(made)


def of_another_host(ca: trustme.CA) -> ssl.SSLContext:
    """Its certificate is somebody else's."""
    return with_certificate(ca.issue_cert("other.example", "127.0.0.2"))


def of_a_stranger(_: trustme.CA) -> ssl.SSLContext:
    """Its certificate is for this host, by an authority that nobody knows."""
    return with_certificate(trustme.CA().issue_cert(HERE))


def signed_by_itself(_: trustme.CA) -> ssl.SSLContext:
    """Its certificate vouches for itself."""
    own = trustme.CA()
    context = server_side()
    pem = own.private_key_pem.bytes() + own.cert_pem.bytes()
    with own.cert_pem.tempfile() as _path:
        path = Path(_path)
        path.write_bytes(pem)
        context.load_cert_chain(path)
    return context


def of_version(version: ssl.TLSVersion, ca: trustme.CA) -> ssl.SSLContext:
    """A right certificate, and nothing newer than this version of TLS."""
    context = with_certificate(ca.issue_cert(HERE))
    context.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = version
        context.maximum_version = version
    return context


def of_version_1_0(ca: trustme.CA) -> ssl.SSLContext:
    """TLS 1.0 alone."""
    return of_version(ssl.TLSVersion.TLSv1, ca)


def of_version_1_1(ca: trustme.CA) -> ssl.SSLContext:
    """TLS 1.1 alone."""
    return of_version(ssl.TLSVersion.TLSv1_1, ca)


def right(ca: trustme.CA) -> ssl.SSLContext:
    """Nothing is wrong with it."""
    return with_certificate(ca.issue_cert(HERE))


WRONG = (
    expired,
    not_yet_valid,
    of_another_host,
    of_a_stranger,
    signed_by_itself,
    of_version_1_0,
    of_version_1_1,
)


class Gate(Meddler):
    """A proxy behind TLS; ``heard`` are the requests that got through."""

    def __init__(
        self, upstream: str, context: ssl.SSLContext, rule: Rule = lambda _: None
    ) -> None:
        """Serve ``https`` with this context."""
        super().__init__(upstream, rule)
        server = self._server
        # Each connection shakes hands in its own thread: one that is left half open
        # must keep neither the others nor the end waiting.
        server.socket = context.wrap_socket(
            server.socket, server_side=True, do_handshake_on_connect=False
        )
        self.url = f"https://{HERE}:{server.server_port}"

    @property
    def heard(self) -> int:
        """How many requests came."""
        return self._count
