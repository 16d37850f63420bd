"""A proxy that keeps the credentials that pass it, and may rewrite honest answers."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from contextlib import suppress
from typing import Any
from urllib.parse import unquote

from tests.support.meddler import Meddler, Rule

Answered = tuple[int, list[tuple[str, str]], bytes]
"""Status, headers and body."""
Rewrite = Callable[[str, str, Answered], Answered]
"""From method, path and what was answered."""

_OAUTH = re.compile(r'oauth_signature="([^"]*)"')


class Eavesdropper(Meddler):
    """``with Eavesdropper(url) as proxy: proxy.url``."""

    def __init__(
        self,
        upstream: str,
        rule: Rule = lambda _: None,
        rewrite: Rewrite = lambda _method, _path, answered: answered,
    ) -> None:
        """``rule`` makes trouble as in a ``Meddler``; ``rewrite`` has the rest."""
        super().__init__(upstream, rule)
        self.rewrite = rewrite
        self.authorizations: set[str] = set()
        self.tokens: set[str] = set()
        self.asked: list[tuple[str, str]] = []
        """Method and path of every request."""
        self._server.RequestHandlerClass = _listening(
            self, self._server.RequestHandlerClass
        )

    @property
    def secrets(self) -> set[str]:
        """Tokens, passwords and signatures that passed, each in the form it had."""
        found = set(self.tokens)
        for one in self.authorizations:
            scheme, _, rest = one.partition(" ")
            if scheme == "OAuth":
                marks = _OAUTH.findall(rest)
                found |= {*marks, *(unquote(mark) for mark in marks)}
                continue
            found.add(rest)
            if scheme == "Basic":
                with suppress(ValueError):
                    found.add(base64.b64decode(rest).decode().partition(":")[2])
        return {one for one in found if len(one) > 1}

    def note(self, method: str, path: str, authorization: str | None) -> None:
        """A request came in."""
        self.asked.append((method, path))
        if authorization:
            self.authorizations.add(authorization)

    def hear(self, path: str, content: bytes) -> None:
        """An answer goes out."""
        if "token" not in path:
            return
        with suppress(ValueError):
            body: Any = json.loads(content)
            if isinstance(body, dict) and isinstance(body.get("access_token"), str):
                self.tokens.add(body["access_token"])


def _listening(proxy: Eavesdropper, kind: Any) -> Any:
    def answer(handler: Any) -> None:
        proxy.note(handler.command, handler.path, handler.headers.get("authorization"))
        kind.answer(handler)

    def forwarded(handler: Any, body: bytes) -> Answered:
        answered: Answered = kind.forwarded(handler, body)
        proxy.hear(handler.path, answered[2])
        return proxy.rewrite(handler.command, handler.path, answered)

    methods = dict.fromkeys(("do_GET", "do_PUT", "do_POST", "do_DELETE"), answer)
    return type("Listening", (kind,), {**methods, "forwarded": forwarded})
