"""One run of the command: what was asked for on its line, and the gallery that it opens."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from countenance.cli.console import Screen
from countenance.errors import BadConfiguration, CountenanceError, InputError, KeyMissing, NotSignedIn

if TYPE_CHECKING:
    from countenance.config import Settings
    from countenance.service.countenance import Countenance

NEW_PASSPHRASE = "COUNTENANCE_NEW_PASSPHRASE"  # noqa: S105 - the variable's name
PASSPHRASE = "COUNTENANCE_PASSPHRASE"  # noqa: S105
KEK_PASSPHRASE = "COUNTENANCE_KEK_PASSPHRASE"  # noqa: S105
NEW_KEK_PASSPHRASE = "COUNTENANCE_NEW_KEK_PASSPHRASE"  # noqa: S105


@dataclass(frozen=True)
class Session:
    """The options that every command has."""

    config: Path | None = None
    account: str | None = None
    json: bool = False
    quiet: bool = False

    @cached_property
    def screen(self) -> Screen:
        """Where this command writes."""
        return Screen(json=self.json, quiet=self.quiet)

    def having(self, *, config: Path | None, account: str | None, json: bool, quiet: bool) -> Session:
        """This session with what a command's own line adds."""
        return replace(
            self,
            config=config or self.config,
            account=account or self.account,
            json=json or self.json,
            quiet=quiet or self.quiet,
        )

    @property
    def interactive(self) -> bool:
        """Whether a person can be asked."""
        return sys.stdin.isatty() and not self.json

    @property
    def has_gallery(self) -> bool:
        """Whether a gallery is named, or lies in the current folder."""
        from countenance.config import FILE_NAME

        return self.config is not None or Path(FILE_NAME).exists()

    @cached_property
    def settings(self) -> Settings:
        """The configuration. Raises `BadConfiguration`."""
        from countenance.config import FILE_NAME, load

        if not self.has_gallery:
            raise BadConfiguration(
                f"There is no gallery here: no {FILE_NAME} in this folder.",
                hint="Go to the gallery's folder, name it with --config, or make one: `countenance init FOLDER`.",
            )
        return load(self.config or Path(FILE_NAME))

    def open(self) -> Countenance:
        """The gallery, opened by the account. Its passphrase is asked for only when its key has to sign."""
        from countenance.wiring import open_gallery

        settings = self.settings
        email = self.account or settings.gallery.account
        return open_gallery(
            settings.file,
            account=email,
            passphrase=self.asks(f"the key of {email}"),
            kek_passphrase=self.asks_kek,
            building=None if self.quiet or self.json else self._tell_building,
        )

    def _tell_building(self, done: int, of: int) -> None:
        """How far the index of a large gallery is, on a line of its own that is written over."""
        if sys.stderr.isatty():
            end = "\n" if done >= of else ""
            sys.stderr.write(f"\rBuilding the index: {done:,} of {of:,} templates{end}")
            sys.stderr.flush()

    @contextmanager
    def signed_in(self) -> Iterator[Countenance]:
        """The gallery, opened, and the account's key with it: for whatever is signed."""
        with self.open() as opened:
            opened.sign_in()
            yield opened

    @contextmanager
    def bar(self, what: str) -> Iterator[Callable[[int, int], None]]:
        """A progress bar on stderr, where somebody is looking: told how much is done, and how much there is."""
        from rich.progress import Progress

        shown = self.screen.err.is_terminal and not (self.quiet or self.json)
        with Progress(console=self.screen.err, transient=True, disable=not shown) as bar:
            task = bar.add_task(what, total=None)
            yield lambda done, total: bar.update(task, completed=done, total=total)

    def ask(self, question: str, flag: str, *, default: str | None = None) -> str:
        """A person's answer, or `InputError` naming the flag when nobody can be asked."""
        if not self.interactive:
            if default is not None:
                return default
            raise InputError(f"{question} was not given.", hint=f"Give it with {flag}.")
        import typer

        return str(typer.prompt(question, default=default, err=True)).strip()

    def agreed(self, question: str) -> bool:
        """A person's yes or no. No when nobody can be asked."""
        if not self.interactive:
            return False
        import typer

        return bool(typer.confirm(question, default=False, err=True))

    def new_passphrase(self, whose: str, variable: str = PASSPHRASE) -> str:
        """A passphrase for a new key: from the environment, or typed twice."""
        from countenance.config.secrets import secret

        known = secret(variable)
        if known:
            return known
        if not self.interactive:
            raise NotSignedIn(f"A passphrase for {whose} is needed.", hint=f"Set {variable}, or use a terminal.")
        import getpass

        first = getpass.getpass(f"Choose a passphrase for {whose}: ")
        if first != getpass.getpass("The same again: "):
            raise InputError("The two passphrases are not the same.", hint="Run the command again.")
        return first

    def passphrase(self, what: str) -> str:
        """The passphrase of an account's key: from the environment, or typed now."""
        from countenance.config.secrets import secret

        return secret(PASSPHRASE) or self.asks(what)()

    def asks(self, what: str) -> Callable[[], str]:
        """How to ask for the passphrase of an account's key, when it comes to that."""
        return lambda: self._passphrase(what, NotSignedIn, PASSPHRASE)

    def asks_kek(self) -> str:
        """Ask for the passphrase of the key-encryption key. Raises `KeyMissing` when nobody can be asked."""
        return self._passphrase("the key-encryption key", KeyMissing, KEK_PASSPHRASE)

    def _passphrase(self, what: str, missing: type[CountenanceError], variable: str) -> str:
        # A terminal is enough here: the question goes to it directly, and --json keeps its stdout.
        if not sys.stdin.isatty():
            raise missing(f"A passphrase is needed to open {what}, and nobody can be asked.", hint=f"Set {variable}.")
        import getpass

        return getpass.getpass(f"Passphrase for {what}: ")


def listed(values: Iterable[str] | None) -> list[str]:
    """Values that may be given several times or separated by commas, each once."""
    parts = [part.strip() for value in values or () for part in value.split(",")]
    return list(dict.fromkeys(part for part in parts if part))
