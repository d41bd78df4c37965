"""A proposal on paper. Runs in an image process: knows no rows and no Django, its words come translated.

A4, Fira Sans with headings in Noto Serif (both OFL; Latin, Greek and Cyrillic letters). Pictures are JPEGs already and
are put in as they are.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import fontpkg_fira_sans
import fontpkg_noto_serif
from reportlab.lib.colors import HexColor
from reportlab.lib.enums import TA_RIGHT
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.lib.utils import ImageReader
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    BaseDocTemplate,
    CondPageBreak,
    Flowable,
    Frame,
    Image,
    KeepTogether,
    NextPageTemplate,
    PageBreak,
    PageTemplate,
    Paragraph,
    Spacer,
    Table,
    TableStyle,
)

from generations.proposal_paper import Pair, Paper, Row, is_dark

WIDTH, HEIGHT = A4
EDGE = 20 * mm
INSIDE = WIDTH - 2 * EDGE
TOP, BOTTOM = 22 * mm, 24 * mm
INK, QUIET, LINE, PAPER = HexColor("#211e1a"), HexColor("#6a635a"), HexColor("#ddd5c8"), HexColor("#faf7f2")


def render(paper: Paper) -> bytes:
    """The PDF, with title, author and language in its data."""
    _letters()
    into = io.BytesIO()
    document = _Document(into, paper)
    document.build(_story(paper), canvasmaker=_numbered(paper))
    return into.getvalue()


@cache
def _letters() -> None:
    """Once in a process."""
    fira = Path(fontpkg_fira_sans.__file__).parent / "files"
    serif = Path(fontpkg_noto_serif.__file__).parent / "files" / "NotoSerif[wdth,wght].ttf"
    for name, file in {
        "Sans": fira / "FiraSans-Regular.ttf",
        "Sans-Strong": fira / "FiraSans-SemiBold.ttf",
        "Sans-Light": fira / "FiraSans-Light.ttf",
        "Serif": serif,
    }.items():
        pdfmetrics.registerFont(TTFont(name, str(file)))


def _style(name: str = "Sans", size: float = 9.5, leading: float = 0, **more: Any) -> ParagraphStyle:
    more = {"textColor": INK, "splitLongWords": 1} | more
    return ParagraphStyle(name, fontName=name, fontSize=size, leading=leading or size * 1.45, **more)


def _text(words: str, style: ParagraphStyle) -> Paragraph:
    return Paragraph(escape(words).replace("\n", "<br/>"), style)


class _Document(BaseDocTemplate):  # type: ignore[misc]  # untyped
    def __init__(self, into: io.BytesIO, paper: Paper) -> None:
        super().__init__(
            into,
            pagesize=A4,
            title=paper.title,
            author=paper.business,
            subject=" · ".join(value for _, value in paper.facts[:2]),
            creator=paper.creator,
            lang=paper.language,
            displayDocTitle=True,
        )
        page = Frame(EDGE, BOTTOM, INSIDE, HEIGHT - TOP - BOTTOM, 0, 0, 0, 0)
        self.addPageTemplates(
            [
                PageTemplate("cover", [page], onPage=lambda canvas, _: _cover(canvas, paper)),
                PageTemplate("inside", [page], onPage=lambda *_: None),
            ]
        )


def _numbered(paper: Paper) -> type[Canvas]:
    """A canvas that knows how many pages there are when it writes the foot of each."""

    class Numbered(Canvas):  # type: ignore[misc]  # untyped
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self._pages: list[dict[str, Any]] = []

        def showPage(self) -> None:  # noqa: N802 — the library's name
            self._pages.append(dict(self.__dict__))
            self._startPage()

        def save(self) -> None:
            for number, page in enumerate(self._pages, start=1):
                self.__dict__.update(page)
                if number > 1:
                    _foot(self, paper, number, len(self._pages))
                super().showPage()
            super().save()

    return Numbered


def _foot(canvas: Canvas, paper: Paper, number: int, pages: int) -> None:
    canvas.saveState()
    canvas.setStrokeColor(LINE)
    canvas.setLineWidth(0.5)
    canvas.line(EDGE, 16 * mm, WIDTH - EDGE, 16 * mm)
    canvas.setFont("Sans", 7.5)
    canvas.setFillColor(QUIET)
    left = f"{paper.business}  ·  {paper.facts[0][1]}" if paper.facts else paper.business
    canvas.drawString(EDGE, 11.5 * mm, _cut(left, 110 * mm, "Sans", 7.5))
    words = paper.words["page"] % {"number": number, "pages": pages}
    canvas.drawRightString(WIDTH - EDGE, 11.5 * mm, words)
    canvas.restoreState()


# --- The cover -------------------------------------------------------------------------------------------


def _cover(canvas: Canvas, paper: Paper) -> None:
    """The band with who offers and the client's colour as its edge, their logo on the right; under it the first picture
    over the whole width of the page."""
    canvas.saveState()
    band = 40 * mm
    canvas.setFillColor(HexColor(paper.accent))
    canvas.rect(0, HEIGHT - band, WIDTH, band, stroke=0, fill=1)
    left, right, middle = EDGE, WIDTH - EDGE, HEIGHT - band / 2
    if paper.logo:
        left += _plate(canvas, paper.logo, left, middle) + 6 * mm
    if paper.client_logo:
        right -= _plate(canvas, paper.client_logo, right, middle, is_right=True) + 6 * mm
    canvas.setFillColor(HexColor("#ffffff") if is_dark(paper.accent) else INK)
    canvas.setFont("Serif", 19)
    canvas.drawString(left, middle - 6, _cut(paper.business, right - left, "Serif", 19))
    if paper.client_accent:
        canvas.setFillColor(HexColor(paper.client_accent))
        canvas.rect(0, HEIGHT - band, WIDTH, 2.5 * mm, stroke=0, fill=1)
    if paper.pairs:
        _hero(canvas, paper.pairs[0].after, HEIGHT - band)
    canvas.restoreState()


def _plate(canvas: Canvas, logo: bytes, at: float, middle: float, *, is_right: bool = False) -> float:
    """A logo on white; its left edge, or its right one, is at `at`. Returns its width."""
    image, width, height = _fitted(logo, 46 * mm, 18 * mm)
    whole = float(width + 8 * mm)
    left = at - whole if is_right else at
    canvas.setFillColor(HexColor("#ffffff"))
    canvas.roundRect(left, middle - 12 * mm, whole, 24 * mm, 2 * mm, stroke=0, fill=1)
    canvas.drawImage(image, left + 4 * mm, middle - height / 2, width, height, mask="auto")
    return whole


HERO = 122 * mm


def _hero(canvas: Canvas, content: bytes, top: float) -> None:
    """The picture over the whole width, cut to the height that it has there."""
    image, width, height = _fitted(content, 10_000, 10_000)
    scale = max(WIDTH / width, HERO / height)
    path = canvas.beginPath()
    path.rect(0, top - HERO, WIDTH, HERO)
    canvas.saveState()
    canvas.clipPath(path, stroke=0, fill=0)
    across, up = width * scale, height * scale
    canvas.drawImage(image, (WIDTH - across) / 2, top - HERO / 2 - up / 2, across, up)
    canvas.restoreState()


def _cut(words: str, room: float, font: str, size: float) -> str:
    while words and pdfmetrics.stringWidth(words, font, size) > room:
        words = words[:-2].rstrip() + "…"
    return words


def _fitted(content: bytes, width: float, height: float) -> tuple[Any, float, float]:
    """An image and its size, as large as fits."""
    image = ImageReader(io.BytesIO(content))
    across, up = image.getSize()
    scale = min(width / across, height / up)
    return image, across * scale, up * scale


# --- What is inside --------------------------------------------------------------------------------------


def _story(paper: Paper) -> list[Flowable]:
    story: list[Flowable] = [Spacer(1, 18 * mm + (HERO if paper.pairs else 8 * mm) + 12 * mm)]
    story += [_text(paper.title, _style("Serif", 25, 31)), Spacer(1, 5 * mm)]
    if paper.client:
        story += [
            _text(paper.words["for"] % {"client": paper.client}, _style("Sans-Light", 13)),
            Spacer(1, 5 * mm),
        ]
    story += [_facts(paper), NextPageTemplate("inside"), Spacer(1, 7 * mm)]
    story += [
        _text(part, _style("Sans-Light", 10.5, 16, spaceAfter=6)) for part in _parts(paper.introduction)
    ]
    story.append(PageBreak())
    story += [_pair(pair, paper.words) for pair in paper.pairs]
    story += _list(paper)
    story += _terms(paper)
    return story


def _parts(text: str) -> list[str]:
    return [part.strip() for part in text.replace("\r\n", "\n").split("\n\n") if part.strip()]


def _facts(paper: Paper) -> Table:
    quiet, strong = _style("Sans", 8, textColor=QUIET), _style("Sans-Strong", 10)
    cells = [[_text(label, quiet), _text(value, strong)] for label, value in paper.facts]
    columns = [cells[number : number + 2] for number in range(0, len(cells), 2)]
    rows = [[cell for pair in column for cell in pair] + [""] * (4 - 2 * len(column)) for column in columns]
    table = Table(rows, colWidths=[26 * mm, 59 * mm, 26 * mm, 59 * mm], hAlign="LEFT")
    table.setStyle(_plain([("VALIGN", (0, 0), (-1, -1), "TOP"), ("BOTTOMPADDING", (0, 0), (-1, -1), 4)]))
    return table


def _plain(more: Sequence[Any] = ()) -> TableStyle:
    nothing = [(f"{side}PADDING", (0, 0), (-1, -1), 0) for side in ("LEFT", "RIGHT", "TOP", "BOTTOM")]
    return TableStyle([*nothing, *more])


def _pair(pair: Pair, words: Mapping[str, str]) -> Flowable:
    """A room on a page: before above after, or beside it where the pictures are upright. Never split."""
    heading = [_text(pair.caption, _style("Serif", 16, 22)), Spacer(1, 4 * mm)] if pair.caption else []
    _image, across, up = _fitted(pair.after, 1, 1)
    shown = [(words["before"], pair.before), (words["after"], pair.after)]
    shown = [(label, content) for label, content in shown if content]
    if up > across and len(shown) == 2:
        half = (INSIDE - 6 * mm) / 2
        cells = [[_labelled(label, content, half, 175 * mm) for label, content in shown]]
        table = Table(cells, colWidths=[half + 3 * mm, half + 3 * mm])
        table.setStyle(_plain([("VALIGN", (0, 0), (-1, -1), "TOP")]))
        return KeepTogether([*heading, table, Spacer(1, 8 * mm)])
    each = [
        part
        for label, content in shown
        for part in [*_labelled(label, content, INSIDE, 104 * mm), Spacer(1, 4 * mm)]
    ]
    return KeepTogether([*heading, *each, Spacer(1, 6 * mm)])


def _labelled(label: str, content: bytes, width: float, height: float) -> list[Flowable]:
    _image, across, up = _fitted(content, width, height)
    image = Image(io.BytesIO(content), across, up, hAlign="LEFT")
    return [_text(label, _style("Sans-Strong", 8, textColor=QUIET, spaceAfter=2)), image]


# --- The list --------------------------------------------------------------------------------------------

_COLUMNS = [20 * mm, 72 * mm, 18 * mm, 30 * mm, 30 * mm]


def _list(paper: Paper) -> list[Flowable]:
    words = paper.words
    head, right = _style("Sans", 8, textColor=QUIET), _style("Sans", 8, textColor=QUIET, alignment=TA_RIGHT)
    rows: list[list[Any]] = [
        [
            "",
            _text(words["item"], head),
            _text(words["quantity"], right),
            _text(words["unit"], right),
            _text(words["total"], right),
        ]
    ]
    # The last lines go with the sums, which stand alone on no page.
    *rest, last = rows + [_row(row) for row in paper.rows]
    ruled = [
        ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
        ("TOPPADDING", (0, 0), (-1, -1), 5),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 5),
        ("LINEBELOW", (0, 0), (-1, -1), 0.5, LINE),
    ]
    head_rule = ("LINEBELOW", (0, 0), (-1, 0), 0.8, HexColor(paper.accent))
    table = Table(rest, colWidths=_COLUMNS, repeatRows=1, style=_plain([*ruled, head_rule]))
    end = Table([last], colWidths=_COLUMNS, style=_plain(ruled))
    heading = _text(words["list"], _style("Serif", 16, 22, spaceAfter=8))
    together = KeepTogether([end, Spacer(1, 4 * mm), _sums(paper)])
    if len(rest) == 1:
        return [KeepTogether([heading, table, end, Spacer(1, 4 * mm), _sums(paper)]), Spacer(1, 10 * mm)]
    return [CondPageBreak(60 * mm), heading, table, together, Spacer(1, 10 * mm)]


def _row(row: Row) -> list[Any]:
    picture: Any = ""
    if row.thumbnail:
        _image, across, up = _fitted(row.thumbnail, 16 * mm, 14 * mm)
        picture = Image(io.BytesIO(row.thumbnail), across, up, hAlign="LEFT")
    number = _style("Sans", 9.5, alignment=TA_RIGHT, splitLongWords=0)
    name: list[Flowable] = [_text(row.name, _style("Sans-Strong", 9.5))]
    if row.details:
        name.append(_text(row.details, _style("Sans", 8.5, textColor=QUIET)))
    return [picture, name, _text(row.quantity, number), _text(row.unit, number), _text(row.total, number)]


def _sums(paper: Paper) -> Table:
    rows = []
    for at, (label, amount) in enumerate(paper.sums):
        is_total = at == len(paper.sums) - 1
        style = _style("Sans-Strong" if is_total else "Sans", 12 if is_total else 9.5)
        right = _style(style.fontName, style.fontSize, alignment=TA_RIGHT, splitLongWords=0)
        rows.append([_text(label, style), _text(amount, right)])
    table = Table(rows, colWidths=[46 * mm, 40 * mm], hAlign="RIGHT")
    table.setStyle(
        _plain(
            [
                ("TOPPADDING", (0, 0), (-1, -1), 3),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 3),
                ("LINEABOVE", (0, -1), (-1, -1), 0.8, HexColor(paper.accent)),
            ]
        )
    )
    return table


def _terms(paper: Paper) -> list[Flowable]:
    body, story = _style("Sans", 9, 13.5, spaceAfter=5), []
    parts = _parts(paper.terms)
    if parts:
        heading = _text(paper.words["terms"], _style("Serif", 16, 22, spaceAfter=6, keepWithNext=1))
        story += [heading, *(_text(part, body) for part in parts), Spacer(1, 8 * mm)]
    accept = Table([[[_text(paper.words["accept"], _style("Sans", 10, 15))]]], colWidths=[INSIDE])
    accept.setStyle(
        TableStyle(
            [
                ("BACKGROUND", (0, 0), (-1, -1), PAPER),
                ("LINEBEFORE", (0, 0), (0, -1), 3, HexColor(paper.accent)),
                ("LEFTPADDING", (0, 0), (-1, -1), 12),
                ("RIGHTPADDING", (0, 0), (-1, -1), 12),
                ("TOPPADDING", (0, 0), (-1, -1), 10),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 10),
            ]
        )
    )
    who = [paper.business, *paper.business_lines]
    sender = [_text(line, _style("Sans", 8.5, 12, textColor=QUIET)) for line in who]
    return [*story, KeepTogether([accept, Spacer(1, 8 * mm), *sender])]
