"""What a repository or a directory is for, in one or two sentences: the best of all that it says of itself.

READMEs, manifests, documentation of packages and of main types all make candidates. Each sentence is weighed
by where it stands and by how it reads (see `prose`); a first paragraph has no rights of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct

from summaries.offline.prose import sentences, tells, without_terms
from summaries.offline.readme.blocks import Block, Section
from summaries.offline.text import clip, plain, unique, words

LIMIT = 320  # characters of a purpose
ENOUGH = 2.0  # score of a sentence that tells a purpose (a guess, see `prose`)
PARAGRAPHS, SENTENCES = 14, 4  # of a README that are weighed, and of each paragraph
ITEMS = 6  # features that are listed

# Three patterns of small letters, which titles are brought to (see `prose`).
_SKIPPED = re.compile(
    r"licen[cs]|copying|legal|trademark|\bbuil[dt]|compil|install|set[- ]?up|getting started|get started|quick|first steps"
    r"|\brun\b|running|usage|how to|using|\buse\b|deploy|develop|contribut|contact|support|help|communit|badge|status"
    r"|notice|warning|\bnotes?\b"
    r"|news|announce|change ?log|releas|version|requirement|prerequisite|dependenc|\btest|troubleshoot|faq|question"
    r"|acknowledg|credit"
    r"|author|maintain|\bteam\b|sponsor|donat|backer|fund|conduct|security|vulnerab|roadmap|to-?do|migrat|upgrad"
    r"|deprecat|\blinks?\b|resource"
    r"|reference|contents|download|example|tutorial|sample|documentation|\bdocs?\b|configur|environment|known issue"
    r"|limitation|debug|publish"
    r"|who uses|adopter|users|talks|blog|citing|citation|meeting|feedback|issue|bug|pricing|tiers|commercial|further"
    r"|more info|learn more|see also"
    r"|get involved|governance|changes|history|related|alternativ|compar|benchmark|performance|hacking|packag(?:es"
    r"|ing)|registry|docker|podman"
    r"|working with|importing|activat|checkstyle|static analysis|intellij|eclipse|\bide\b|eula|editions?\b"
    r"|command|option|parameter|variable|endpoint|swagger|postman|important|disclaimer|archiv|legacy|attention|tips"
    r"|credits|thanks"
    r"|安装|安裝|快速|使用|许可|許可|贡献|貢獻|构建|运行|編譯|编译|文档|联系|更新|常见问题|インストール|使い方|ライセンス|설치|사용|라이선스|기여"
    r"|instalaci|licencia|contribui|lizenz|installier|mitwirken|utilisation|contribuer|uso\b",
)
_PRIME = re.compile(
    r"\babout\b|overview|introduction|\bintro\b|description|what(?:'s| is| does)|summary|purpose|\bwhy\b|motivation"
    r"|background|nutshell"
    r"|abstract|goals?\b|scope|简介|介绍|概述|簡介|說明|说明|関する|概要|소개|descripci|introducci|beschreibung|überblick|présentation"
    r"|descrição",
)
_FEATURES = re.compile(
    r"features?|highlights|capabilit|what (?:can|does) it|key (?:points|concepts)|特性|功能|特徴|機能|기능",
)
_LEAD = re.compile(
    r"(?:\W*\b(?:overview|description|about|introduction|abstract|summary|tl;?dr|note)\b\s*[:：—-]+\s*)",
    re.IGNORECASE,
)
_PACKAGE = re.compile(
    r"^(?:Package|Command|Module)\s+(?!(?:for|of|to|that|which|with)\b)[\w./-]{1,60}\s+(?:is\s+|-\s+|—\s+)?(?=[a-z])"
)
_SYMBOLS = re.compile(r"[\U0001f000-\U0001faff\u2600-\u27bf\u2b00-\u2bff\ufe0f\u200d®™]+|:[a-z_]{3,30}:")
_UNDERSCORED = re.compile(r"(?<![\w`])_(?=\S)([^_\n]{1,200})(?<=\S)_(?!\w)")
_DASH = re.compile(r"\s+[-–—:|]\s+|:\s+|\s*[：｜]\s*")


class Claim(Struct, frozen=True):
    """A text that may say what something is for, and how much its place speaks for it."""

    text: str
    place: float
    source: str = ""  # "README", "manifest" ...


class Purpose(Struct, frozen=True):
    """The best of all claims; `score` is 0 where there was none."""

    text: str = ""
    score: float = 0.0
    source: str = ""

    @property
    def enough(self) -> bool:
        """Whether it tells a purpose on its own."""
        return self.score >= ENOUGH


def best(claims: Iterable[Claim], name: str) -> Purpose:
    """The sentence that says most plainly what `name` is for, with the next one where that goes on telling."""
    about = {w.lower() for w in words(name.rpartition("/")[2]) if len(w) > 1}
    found = Purpose()
    for claim in claims:
        said = [_clean(s) for s in sentences(plain(claim.text))[:SENTENCES]]
        marks = [tells(s, about) for s in said]
        for n, mark in enumerate(marks):
            score = mark + claim.place - 0.7 * n if mark >= 0 else 0.0
            if score > found.score:
                found = Purpose(_joined(said, n), score, claim.source)
    return found


def _joined(sentences: Sequence[str], n: int) -> str:
    text = clip(sentences[n], LIMIT).rstrip(" .:;,")
    if (
        n + 1 < len(sentences)
        and tells(sentences[n + 1], (), goes_on=True) >= 1.0
        and len(text) + len(sentences[n + 1]) + 2 <= LIMIT
    ):
        text += f". {sentences[n + 1].rstrip(' .:;,')}"
    return text


def _clean(sentence: str) -> str:
    text = _UNDERSCORED.sub(r"\1", without_terms(_SYMBOLS.sub("", sentence)))
    text = _PACKAGE.sub("", _LEAD.sub("", text, count=1)) if text else text
    return plain(text).strip(" *_~#|").lstrip("-–—:,;.) ")


def readme_claims(sections: Sequence[Section], name: str) -> Iterator[Claim]:
    """Paragraphs of a README by the section that they stand in, and what its titles say beside the name."""
    seen = 0
    title = next((s.titles[-1] for s in sections if s.titles), "")
    for section in sections:
        below = section.titles[1:] if section.titles[:1] == (title,) else section.titles
        if any(_SKIPPED.search(t) and not _PRIME.search(t) for t in map(str.lower, below)):
            continue
        prime = any(_PRIME.search(t.lower()) for t in section.titles[-1:])
        listing = any(_FEATURES.search(t.lower()) for t in section.titles[-1:])
        place = 1.2 if prime or not below else 0.5 if listing else -0.2
        if section.titles and seen < 3 and (tail := _tagline(section.titles[-1], name)):
            yield Claim(tail, 0.5, "README")
        for n, block in enumerate(section.blocks):
            if block.kind == "item" and listing and n < 3:
                yield Claim(block.text, 0.2 - 0.1 * n, "README")
            if block.kind != "paragraph" or block.linked > 0.6 or block.code > 0.5:
                continue
            seen += 1
            if seen > PARAGRAPHS:
                return
            first = 0.8 if seen == 1 and not below else 0.0
            text = _with_items(block, section.blocks[n + 1 : n + 5])
            yield Claim(text, place + first - 0.3 * min(n, 6) - 0.05 * min(seen, 8), "README")


def _with_items(block: Block, after: Sequence[Block]) -> str:
    """A paragraph that ends in a colon with the beginnings of the items that follow it."""
    if not block.text.endswith(":") or not after or after[0].kind != "item":
        return block.text
    heads = [sentences(b.text)[0].rstrip(" .;,:") for b in after if b.kind == "item"]
    if not all(0 < len(h) <= 60 for h in heads):
        return block.text
    return f"{block.text} {'; '.join(heads)}"


def _tagline(title: str, name: str) -> str:
    """What a heading says beyond the name: 'Basket - keeps the goods of customers'."""
    parts = _DASH.split(title, maxsplit=1)
    text = parts[1] if len(parts) == 2 and len(parts[0].split()) <= 4 else title
    return text if len(text.split()) >= 3 and text.lower() != name.lower() else ""


def features(sections: Sequence[Section], most: int = ITEMS) -> list[str]:
    """What a README lists under 'Features': of each item its beginning."""
    out: list[str] = []
    for section in sections:
        if not any(_FEATURES.search(t.lower()) for t in section.titles[-1:]):
            continue
        for block in section.blocks:
            if block.kind == "item" and block.linked < 0.6:
                head = _DASH.split(_clean(sentences(block.text)[0]), maxsplit=1)[0].strip(" .:;")
                if (
                    4 <= len(head) <= 70
                    and len(head.split()) >= 2
                    and not re.search(r"\d|[{}$<>]|\b(?:free|commercial|personal|here)\b", head)
                ):
                    out.append(head)
    return unique(out)[:most]
