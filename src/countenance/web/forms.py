"""Forms from a browser, read from a bounded body in memory. Nothing is spooled: no probe reaches a disk (P16)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from countenance.errors import InputError

MOST_PARTS = 32
MOST_TEXT = 64 * 2**10
"""The most bytes of a form without files: unpacking one is slow, and takes many times its size."""


@dataclass(slots=True)
class Form:
    """The fields by name, and the files by name. An empty file field is absent."""

    fields: dict[str, str] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict, repr=False)

    def text(self, name: str) -> str | None:
        """A field without the spaces around it; None when it is absent or empty."""
        return self.fields.get(name, "").strip() or None


def parse(content_type: str, body: bytes) -> Form:
    """The form in ``body``. Raises `InputError` for what is no form, or has too many parts."""
    from python_multipart.multipart import parse_options_header

    kind, options = parse_options_header(content_type)
    if kind == b"application/x-www-form-urlencoded":
        if len(body) > MOST_TEXT:
            raise InputError("The form is too long.")
        try:
            return Form(dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=MOST_PARTS)))
        except ValueError:
            raise InputError("The form cannot be read.") from None
    if kind == b"multipart/form-data" and options.get(b"boundary"):
        return _Parts().read(options[b"boundary"], body)
    raise InputError("This is no form.", hint="Use the page's own form.")


class _Parts:
    """Collects the parts of a multipart body as the parser calls out their pieces."""

    def __init__(self) -> None:
        self.form = Form()
        self._count = 0
        self._start()

    def read(self, boundary: bytes, body: bytes) -> Form:
        from python_multipart import MultipartParser
        from python_multipart.exceptions import FormParserError

        calls: Any = {
            "on_part_begin": self._start,
            "on_header_field": self._header_field,
            "on_header_value": self._header_value,
            "on_header_end": self._header_end,
            "on_part_data": self._part_data,
            "on_part_end": self._part_end,
        }
        try:
            parser = MultipartParser(boundary, calls)  # it judges the boundary too
            parser.write(body)
            parser.finalize()
        except FormParserError:
            raise InputError("The form cannot be read.") from None
        return self.form

    def _start(self) -> None:
        self._name, self._value = b"", b""
        self._headers: dict[bytes, bytes] = {}
        self._data: list[bytes] = []
        self._count += 1
        if self._count > MOST_PARTS + 1:
            raise InputError("The form has too many parts.")

    def _header_field(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _header_end(self) -> None:
        self._headers[self._name.lower()] = self._value
        self._name, self._value = b"", b""

    def _part_data(self, data: bytes, start: int, end: int) -> None:
        self._data.append(data[start:end])

    def _part_end(self) -> None:
        from python_multipart.multipart import parse_options_header

        _, options = parse_options_header(self._headers.get(b"content-disposition", b""))
        name = options.get(b"name", b"").decode("utf-8", "replace")
        content = b"".join(self._data)
        if b"filename" in options:
            if content:
                self.form.files[name] = content
        else:
            self.form.fields[name] = content.decode("utf-8", "replace")
