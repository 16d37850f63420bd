"""A message on its way: by SMTP, or to a web address, within a bounded time.

In: ``Ended`` and a channel of the configuration. Out: nothing, or ``UndeliveredError``
with a sentence. What a server says is not repeated: it may repeat what it was sent.
"""

from __future__ import annotations

import http.client
import smtplib
import socket
import ssl
import threading
import time
from collections.abc import Callable
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, make_msgid
from urllib.parse import urlsplit

import httpx

from sync.config.notify import Channel, Mail, Webhook, web_address
from sync.errors import ConfigError
from sync.notify.document import SIGNATURE, TIMESTAMP, encoded, signature
from sync.notify.ended import Ended
from sync.notify.text import body, subject
from sync.version import PROGRAM

_PORTS = {"starttls": 587, "tls": 465, "none": 25}
_TAKEN = range(200, 300)


class UndeliveredError(Exception):
    """A message did not arrive; the text says why, without what a server said."""


def begin(channel: Mail | Webhook, ended: Ended) -> Callable[[], None]:
    """Send one message on its way; what is returned waits until it has arrived.

    That raises ``UndeliveredError`` ``channel.timeout`` after the beginning at the
    latest, whatever the server does, or is not found.
    """
    found: list[UndeliveredError | None] = []

    def work() -> None:
        try:
            _send(channel, ended)
        except UndeliveredError as error:
            found.append(error)
        except Exception as error:  # noqa: BLE001 - a message must not end a run
            found.append(UndeliveredError(_why(channel, error)))
        else:
            found.append(None)

    # Neither looking up a name nor a server that sends a byte now and then has an end
    # of its own.
    thread = threading.Thread(target=work, daemon=True)
    seconds = channel.timeout.total_seconds()
    latest = time.monotonic() + seconds
    thread.start()

    def finish() -> None:
        thread.join(max(latest - time.monotonic(), 0))
        if not found:
            message = f"{_whom(channel)} did not take it within {seconds:g} s"
            raise UndeliveredError(message)
        if found[0] is not None:
            raise found[0]

    return finish


def _send(channel: Mail | Webhook, ended: Ended) -> None:
    match channel:
        case Mail():
            _mail(channel, ended)
        case Webhook():
            _post(channel, ended)


def mail(channel: Mail, ended: Ended) -> EmailMessage:
    """The message as it is sent; answers of machines to it are not wanted."""
    message = EmailMessage(policy=SMTP)
    message["Subject"] = subject(ended)
    message["From"] = channel.sender
    message["To"] = ", ".join(channel.to)
    message["Date"] = format_datetime(ended.at)
    message["Message-ID"] = make_msgid(domain=channel.sender.rpartition("@")[2])
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(body(ended), cte="quoted-printable")
    return message


def _mail(channel: Mail, ended: Ended) -> None:
    with _connected(channel) as server:
        if channel.security == "starttls":
            server.starttls(context=_trusting(channel))
        if channel.username is not None and channel.password is not None:
            server.login(channel.username.reveal(), channel.password.reveal())
        refused = server.send_message(mail(channel, ended))
    if refused:
        several = f"{len(refused)} of {len(channel.to)} addresses"
        message = f"{_whom(channel)} refused {several}"
        raise UndeliveredError(message)


def _connected(channel: Mail) -> smtplib.SMTP:
    port = channel.port or _PORTS[channel.security]
    seconds = channel.timeout.total_seconds()
    # Otherwise the name of this machine is looked up, which may take minutes.
    own = socket.gethostname() if socket.gethostname().isascii() else "localhost"
    if channel.security == "tls":
        return smtplib.SMTP_SSL(
            channel.host, port, own, timeout=seconds, context=_trusting(channel)
        )
    return smtplib.SMTP(channel.host, port, own, timeout=seconds)


def _post(channel: Webhook, ended: Ended) -> None:
    parts = urlsplit(_url(channel))
    content, timestamp = encoded(ended), str(int(time.time()))
    headers = {
        "Content-Type": "application/json",
        "User-Agent": PROGRAM.replace(" ", "/"),
        TIMESTAMP: timestamp,
        SIGNATURE: signature(channel.secret.reveal(), timestamp, content),
    }
    path = f"{parts.path or '/'}{f'?{parts.query}' if parts.query else ''}"
    host, seconds = parts.hostname or "", channel.timeout.total_seconds()
    connection: http.client.HTTPConnection
    if parts.scheme.lower() == "https":
        connection = http.client.HTTPSConnection(
            host, parts.port, timeout=seconds, context=_trusting(channel)
        )
    else:
        connection = http.client.HTTPConnection(host, parts.port, timeout=seconds)
    try:
        connection.request("POST", path, content, headers)
        status = connection.getresponse().status
    finally:
        connection.close()
    if status not in _TAKEN:  # a redirect would take the message to somebody else
        message = f"{_whom(channel)} answered {status}"
        raise UndeliveredError(message)


def _url(channel: Webhook) -> str:
    if isinstance(channel.url, str):
        return channel.url
    try:
        return web_address(channel.url.reveal())
    except ValueError as error:
        message = f"what its url refers to {error}"
        raise UndeliveredError(message) from None


def _trusting(channel: Channel) -> ssl.SSLContext:
    if channel.ca_file is None:
        return httpx.create_ssl_context(verify=True, trust_env=False)
    try:
        return ssl.create_default_context(cafile=str(channel.ca_file))
    except OSError as error:
        no_certificate = isinstance(error, ssl.SSLError)
        why = "it holds no certificate" if no_certificate else error.strerror
        message = f"its ca_file {channel.ca_file} cannot be used: {why}"
        raise UndeliveredError(message) from None


def _whom(channel: Mail | Webhook) -> str:
    """The server, without what may be a secret of the address."""
    if isinstance(channel, Mail):
        return f"{channel.host}:{channel.port or _PORTS[channel.security]}"
    return urlsplit(channel.url).netloc if isinstance(channel.url, str) else "it"


_NOT_REACHED: tuple[tuple[type[Exception], str], ...] = (
    (ssl.SSLCertVerificationError, "shows a certificate that is not to be trusted"),
    (ssl.SSLError, "does not speak TLS as it should"),
    (socket.gaierror, "is not known by that name"),
    (TimeoutError, "did not answer in time"),
)
_SMTP: tuple[tuple[type[Exception], str], ...] = (
    (smtplib.SMTPNotSupportedError, "does not offer what is needed, such as STARTTLS"),
    (smtplib.SMTPAuthenticationError, "refused the credentials"),
    (smtplib.SMTPRecipientsRefused, "refused every address"),
    (smtplib.SMTPSenderRefused, "refused the sender"),
    (smtplib.SMTPServerDisconnected, "ended the connection"),
    (smtplib.SMTPException, "takes no credentials in a way that is known"),
    (http.client.HTTPException, "gave an answer that is none"),
)


def _why(channel: Mail | Webhook, error: Exception) -> str:
    """What happened, as a sentence about the server or about this machine."""
    match error:
        case ConfigError():
            return error.line()
        case smtplib.SMTPResponseException() if type(error) not in dict(_SMTP):
            return f"{_whom(channel)} answered {error.smtp_code}"
        case _:
            for kind, words in (*_SMTP, *_NOT_REACHED):
                if isinstance(error, kind):
                    return f"{_whom(channel)} {words}"
    if isinstance(error, OSError):
        reason = error.strerror or "there is no connection"
        return f"{_whom(channel)} was not reached: {reason.lower()}"
    return f"this is a defect of this program ({type(error).__name__})"
