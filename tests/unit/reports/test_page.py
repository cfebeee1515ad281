import base64
import io
import re
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import countenance.reports
from countenance.reports.cover import BAND_COLOURS, FILL
from countenance.reports.page import (
    CAUTION,
    NOBODY,
    Card,
    Code,
    ContactSheet,
    Finding,
    Framed,
    Photo,
    Refusal,
    Step,
    Story,
    drawn,
    render_contact_sheet,
    render_story,
)
from countenance.types import Box

HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>"
FACE, STRANGER = Box(20, 30, 40, 50), Box(120, 30, 40, 50)


class Outline(HTMLParser):
    """What a browser would make of the page: elements with their attributes, and the text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data + " "

    def all(self, *tags: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.elements if tag in tags]


def photo(**changes) -> Photo:
    pixels = np.full((120, 200, 3), 230, np.uint8)
    pixels[30:80, 20:60] = (200, 40, 40)
    pixels[30:80, 120:160] = (40, 200, 40)
    return replace(Photo(pixels, "Two faces, one covered", (Framed(FACE, "1", "high"),), (STRANGER,)), **changes)


def card(**changes) -> Card:
    one = Card(
        1, "Nour", "S14", 0.784, "high", "B14 · consent", "countersigned", (photo(),), "party", "g00.jpg", "club"
    )
    return replace(one, **changes)


def finding(*cards: Card) -> Finding:
    return Finding(photo(close=True, alt="The probe"), cards, 0.57, 1_000_000)


def story(*steps: Step) -> Story:
    return Story(
        "A club", "What happened", steps, (("Yours", "countenance start ~/Pictures"),), ("A note",), "Made today"
    )


def full_story(name: str = "Nour") -> Story:
    refusal = Refusal(f"asked {name}", f"reason {name}", f"hint {name}", f"P3 {name}")
    step = Step(
        f"headline {name}",
        f"result {name}",
        0.0412,
        facts=((f"label {name}", f"value {name}"),),
        findings=(finding(card(name=name, subject=name, path=name, source=name, origin=name, basis=name, band=name)),),
        refusals=(refusal,),
        photos=(photo(alt=name, caption=name),),
        code=(Code(f"title {name}", f"text {name}", True),),
    )
    return replace(story(step), title=name, lead=name, made=name, notes=(name,), next_commands=((name, name),))


def sheet(*cards: Card, name: str = "Who is this?") -> ContactSheet:
    return ContactSheet(name, finding(*cards), (("Purpose", name), ("Case", "press 12")), "Made today")


# --- nothing gets in, nothing gets out -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "page",
    [
        render_story(full_story(HOSTILE)),
        render_contact_sheet(sheet(card(name=HOSTILE, band=HOSTILE, review=HOSTILE), name=HOSTILE)),
    ],
)
def test_a_hostile_name_stays_text(page):
    seen = Outline(page)
    assert not seen.all("script")
    assert all(not name.startswith("on") for _, attributes in seen.elements for name in attributes)
    assert all(image["src"].startswith("data:image/jpeg;base64,") for image in seen.all("img"))
    assert HOSTILE in seen.text


@pytest.mark.parametrize("page", [render_story(full_story()), render_contact_sheet(sheet(card()))])
def test_the_page_stands_alone(page):
    assert not re.search(r"https?:|//[a-z]|@import|url\(", re.sub(r"base64,[A-Za-z0-9+/=]+", "", page), re.IGNORECASE)
    seen = Outline(page)
    assert not seen.all("link", "script", "iframe", "object", "embed", "form", "base", "video", "audio")
    policies = [meta["content"] for meta in seen.all("meta") if meta.get("http-equiv") == "Content-Security-Policy"]
    assert policies
    assert "default-src 'none'" in policies[0]


def pictures(page: str) -> list[np.ndarray]:
    sources = [image["src"].partition("base64,")[2] for image in Outline(page).all("img")]
    return [np.asarray(Image.open(io.BytesIO(base64.b64decode(source)))) for source in sources]


@pytest.mark.parametrize("page", [render_story(full_story()), render_contact_sheet(sheet(card()))])
def test_no_stranger_reaches_the_page_and_the_candidate_does(page):
    found = pictures(page)
    assert found
    for pixels in found:
        red, green, blue = (pixels[..., channel].astype(int) for channel in range(3))
        assert not ((green - blue) > 60).any()
        assert ((red - green) > 60).any()


def test_strangers_are_the_fills_colour():
    pixels = np.asarray(Image.open(io.BytesIO(drawn(photo(), 900)))).astype(int)
    assert abs(pixels[34:76, 124:156] - FILL).max() <= 6  # JPEG is not exact


def test_pictures_on_a_page_carry_no_metadata():
    assert not Image.open(io.BytesIO(drawn(photo(), 900))).getexif()


# --- what is said ----------------------------------------------------------------------------------------------------


def test_a_candidate_is_shown_with_all_that_it_must_carry():
    said = " ".join(Outline(render_contact_sheet(sheet(card(review="open")))).text.split())
    for part in ("Candidate 1", "Nour", "S14", "0.784 cosine", "High band.", "Still to be looked at", "B14 · consent"):
        assert part in said
    for part in ("countersigned", "party", "g00.jpg", "club", "Review open", "1,000,000 templates", "0.57 cosine"):
        assert part in said


def test_each_picture_says_its_own_score_and_band():
    shown = (photo(score=0.812), photo(score=0.583, shown=(Framed(FACE, "1", "low"),)))
    said = " ".join(Outline(render_contact_sheet(sheet(card(photos=shown)))).text.split())
    assert "0.812 cosine, high band" in said
    assert "0.583 cosine, low band" in said
    assert "cosine, high band" not in " ".join(Outline(render_contact_sheet(sheet(card()))).text.split())


def test_a_persons_own_photo_gets_no_score_at_the_head_of_their_pictures():
    page = render_contact_sheet(sheet(card(score=None, photos=(photo(score=0.583),))))
    assert 'class="score"' not in page
    assert 'class="scale"' not in page
    said = " ".join(Outline(page).text.split())
    assert "0.583 cosine" in said
    assert "own photo, so it gets no score" in said


def test_what_to_type_is_set_as_code_and_a_hostile_name_in_it_stays_text():
    refused = Step("Ask", "No", refusals=(Refusal("Asked", f"Type `add {HOSTILE}` first.", "Or `countenance x`."),))
    page = render_story(story(refused))
    assert "<code>countenance x</code>" in page
    assert "`" not in Outline(page).text
    assert not Outline(page).all("script")


def test_every_candidate_carries_the_caution():
    page = render_contact_sheet(sheet(card(), card(rank=2), card(rank=3)))
    assert page.count(f'<p class="caution">{CAUTION}</p>') == 3


def test_nobody_found_is_said_plainly():
    page = render_contact_sheet(sheet())
    assert NOBODY in page
    assert "Candidate 1" not in page
    assert NOBODY not in render_contact_sheet(sheet(card()))


def test_what_is_not_known_takes_no_line():
    page = render_contact_sheet(sheet(card(origin="", review="")))
    assert "<dt>Origin</dt>" not in page
    assert "<dt>Review</dt>" not in page


def test_steps_are_numbered_in_order_and_refusals_say_so():
    refused = Step("Ask", "No", refusals=(Refusal("A search without a purpose", "A purpose is missing."),))
    said = " ".join(Outline(render_story(story(Step("Enrol", "Done", 3.14), refused))).text.split())
    assert said.index("Step 1: Enrol") < said.index("3.1 s") < said.index("Step 2: Ask")
    assert "A search without a purpose Refused. A purpose is missing." in said


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.0084, "under 0.1 s"),
        (0.668, "0.7 s"),
        (0.9961, "1.0 s"),
        (3.14, "3.1 s"),
        (59.97, "1 min 0 s"),
        (125, "2 min 5 s"),
    ],
)
def test_a_duration_is_said_as_people_say_it(seconds, words):
    assert f'<p class="took">{words}</p>' in render_story(story(Step("A", "B", seconds)))


def test_a_score_outside_the_scale_stays_on_it():
    page = render_contact_sheet(sheet(card(score=-0.2), card(score=1.0000001)))
    assert "width:0.0%" in page
    assert "width:100.0%" in page


# --- for everyone ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", [render_story(full_story()), render_contact_sheet(sheet(card()))])
def test_pictures_have_words_and_headings_do_not_jump(page):
    seen = Outline(page)
    assert all(image["alt"] for image in seen.all("img"))
    levels = [int(tag[1]) for tag, _ in seen.elements if re.fullmatch(r"h[1-6]", tag)]
    assert levels.count(1) == 1
    assert all(later - earlier <= 1 for earlier, later in pairwise(levels))
    assert seen.all("html")[0]["lang"] == "en-GB"


def luminance(colour: tuple[int, ...]) -> float:
    parts = [c / 255 / 12.92 if c <= 10 else ((c / 255 + 0.055) / 1.055) ** 2.4 for c in colour]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def contrast(one: tuple[int, ...], other: tuple[int, ...]) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def palettes() -> list[dict[str, tuple[int, ...]]]:
    css = (Path(countenance.reports.__file__).parent / "templates" / "page.css").read_text("utf-8")
    pairs = re.findall(r"--([a-z-]+): light-dark\(#([0-9a-f]{6}), #([0-9a-f]{6})\)", css)
    return [{name: tuple(bytes.fromhex(both[way])) for name, *both in pairs} for way in (0, 1)]


def test_text_is_readable_in_light_and_in_dark():
    light, dark = palettes()
    for palette in (light, dark):
        for ground in ("paper", "raised", "well", "no-well"):
            for text in ("ink", "quiet"):
                assert contrast(palette[text], palette[ground]) >= 4.5, (text, ground)
        for text in ("high", "low", "other"):
            assert contrast(palette[text], palette["raised"]) >= 4.5, text
        assert contrast(palette["no"], palette["no-well"]) >= 4.5


def test_labels_in_pictures_are_readable():
    for colour in BAND_COLOURS.values():
        assert contrast(colour, (255, 255, 255)) >= 4.5
