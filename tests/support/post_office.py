"""A mail server on this machine: SMTP with STARTTLS and AUTH, and what it took."""

from __future__ import annotations

import asyncio
import base64
import ssl
import threading
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Self

HERE = "127.0.0.1"
USER, PASSWORD = "roster", "s3cret-of-the-post"


@dataclass(frozen=True, slots=True)
class Letter:
    """One message as it came."""

    sender: str
    to: tuple[str, ...]
    message: EmailMessage
    encrypted: bool
    user: str | None

    @property
    def text(self) -> str:
        """Its text, with plain line ends."""
        content = self.message.get_content()
        assert isinstance(content, str)
        return content.replace("\r\n", "\n")


@dataclass(slots=True)
class PostOffice:
    """Serves while it is entered; ``letters`` are those that were taken.

    ``mood``: ``kind``; ``silent`` (never says a word), ``endless`` (sends a byte now
    and then), or the command that it refuses, such as ``DATA``.
    """

    tls: ssl.SSLContext | None = None
    implicit: bool = False
    mood: str = "kind"
    letters: list[Letter] = field(default_factory=list)
    port: int = 0
    _loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)
    _thread: threading.Thread | None = None
    _up: threading.Event = field(default_factory=threading.Event)
    _stop: asyncio.Event | None = None

    def __enter__(self) -> Self:
        """Listen on a port of its own."""
        self._thread = threading.Thread(
            target=self._loop.run_until_complete, args=(self._serve(),), daemon=True
        )
        self._thread.start()
        assert self._up.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        """Close whatever is open."""
        assert self._stop is not None
        assert self._thread is not None
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)
        self._loop.close()

    async def _serve(self) -> None:
        self._stop = asyncio.Event()
        tasks: set[asyncio.Task[None]] = set()

        def come(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.ensure_future(self._caught(reader, writer))
            tasks.add(task)
            task.add_done_callback(tasks.discard)

        context = self.tls if self.implicit else None
        server = await asyncio.start_server(come, HERE, 0, ssl=context)
        self.port = server.sockets[0].getsockname()[1]
        self._up.set()
        await self._stop.wait()
        server.close()
        for task in tuple(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _caught(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        try:
            await _Talk(self, reader, writer, encrypted=self.implicit).hold()
        except (OSError, EOFError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


@dataclass(slots=True)
class _Talk:
    """One connection."""

    office: PostOffice
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    encrypted: bool
    user: str | None = None
    sender: str = ""
    to: list[str] = field(default_factory=list)

    async def hold(self) -> None:
        if self.office.mood == "silent":
            await asyncio.Event().wait()
        while self.office.mood == "endless":
            self.writer.write(b"2")
            await self.writer.drain()
            await asyncio.sleep(0.02)
        self._say("220 post office")
        while line := await self.reader.readline():
            command = line.decode().strip()
            if command.upper() == "QUIT":
                self._say("221 bye")
                return
            await self._answer(command)

    def _say(self, *lines: str) -> None:
        self.writer.write("".join(f"{line}\r\n" for line in lines).encode())

    async def _answer(self, command: str) -> None:
        word = command.split(" ", maxsplit=1)[0].upper()
        if word == self.office.mood:
            self._say("550 stu-000001 is not wanted here")
            return
        match word:
            case "EHLO":
                self._say(*self._offers())
            case "STARTTLS":
                self._say("220 go on")
                assert self.office.tls is not None
                await self.writer.start_tls(self.office.tls)
                self.encrypted = True
            case "AUTH":
                self._judge(command)
            case "MAIL":
                self.sender = command.partition("<")[2].partition(">")[0]
                self._say("250 ok")
            case "RCPT":
                self.to.append(command.partition("<")[2].partition(">")[0])
                self._say("250 ok")
            case "DATA":
                self._say("354 go on")
                await self._take()
            case _:
                self._say("250 ok")

    def _offers(self) -> list[str]:
        tls = self.office.tls is not None and not self.encrypted
        auth = self.encrypted or self.office.tls is None
        more = [*(["STARTTLS"] if tls else []), *(["AUTH PLAIN"] if auth else [])]
        said = ["post.example", *more]
        return [f"250{' ' if one is said[-1] else '-'}{one}" for one in said]

    def _judge(self, command: str) -> None:
        _, user, password = base64.b64decode(command.split(" ")[2]).decode().split("\0")
        if (user, password) == (USER, PASSWORD):
            self.user = user
            self._say("235 welcome")
        else:
            self._say("535 who are you")

    async def _take(self) -> None:
        content = await self.reader.readuntil(b"\r\n.\r\n")
        plain = content.removesuffix(b".\r\n").replace(b"\r\n..", b"\r\n.")
        message = message_from_bytes(plain, policy=policy.default)
        assert isinstance(message, EmailMessage)
        letter = Letter(self.sender, tuple(self.to), message, self.encrypted, self.user)
        self.office.letters.append(letter)
        self._say("250 taken")
