"""Reads the QR codes of a page as a phone does: from the picture that is drawn, and not from what it was drawn of."""

from __future__ import annotations

import html
import re
from urllib.parse import unquote
from xml.etree import ElementTree as ET

import numpy as np
import zxingcpp

SVG = "{http://www.w3.org/2000/svg}"


def codes_of(page: str) -> list[str]:
    """What each QR code of a page says, in the page's order. Raises `AssertionError` for one that cannot be read."""
    drawn = re.findall(r'<img src="data:image/svg\+xml;charset=utf-8,([^"]+)"', page)
    return [_read(_pixels(unquote(html.unescape(each)))) for each in drawn]


def _read(pixels: np.ndarray) -> str:
    found = zxingcpp.read_barcodes(pixels)
    assert len(found) == 1, "a reader finds no code, or several"
    assert found[0].format == zxingcpp.BarcodeFormat.QRCode
    return found[0].text


def _pixels(picture: str) -> np.ndarray:
    """The picture on black paper: a rectangle of one colour, and horizontal strokes of a unit's width on it."""
    drawing = ET.fromstring(picture)  # noqa: S314 - our own
    *_, width, height = (int(each) for each in drawing.attrib["viewBox"].split())
    (group,) = drawing.findall(f"{SVG}g")
    scale = int(re.fullmatch(r"scale\((\d+)\)", group.attrib["transform"])[1])
    paper, strokes = group.findall(f"{SVG}path")
    shades = {"#fff": 255, "#000": 0}
    units = np.zeros((height // scale, width // scale), np.uint8)
    wide, high = map(int, re.fullmatch(r"M0 0h(\d+)v(\d+)h-\1z", paper.attrib["d"]).groups())
    units[:high, :wide] = shades[paper.attrib["fill"]]
    x, y, dark = 0, 0.0, shades[strokes.attrib["stroke"]]
    for move, numbers in re.findall(r"([Mmh])([-\d. ]+)", strokes.attrib["d"]):
        given = [float(each) for each in re.findall(r"-?[\d.]+", numbers)]
        if move == "h":
            units[int(y), x : x + int(given[0])] = dark
            x += int(given[0])
        else:
            x, y = (int(given[0]), given[1]) if move == "M" else (x + int(given[0]), y + given[1])
    return np.kron(units, np.ones((scale, scale), np.uint8))
