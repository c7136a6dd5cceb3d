"""Issue forms: headings, questions, check-lists and options that a tracker wrote, not the reporter.

Forms of the indexed repositories are known line by line (`lines_of`); others by the words that such headings are made
of everywhere.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from locator.report.environment import is_version
from summaries.patterns import pattern


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Of headings in the default issue forms of GitHub, GitLab and Gitea, and of what projects commonly make of them.
_FORM = _words(
    """a about above activated actual actually additional affected after all and any anything app apps are as at be
    been before behavior behaviour below brief browser bug can changes check checklist checks client clear code command
    commands commit component components concise conduct config configuration confirm context cpu current
    deployment describe description detail details device devices did disabled do docker does edition else enabled
    environment environmental error errors example exception existing expect expected extensions feature files
    following for from full get give guidelines happen happened happens hardware have help how i if in info
    information input installation installed is issue it kernel kubernetes last library like list log logs machine
    message messages method minimal model modules more my need new node not notes number of on operating optional or
    os other our output outcome packages paste platform platforms please plugins possible preliminary problem product
    provide question
    regression release relevant report reporter reproduce reproducible reproducibility reproducing reproduction
    requested required result results run runtime screenshot screenshots search section see seen server setup severity
    should show software solution solutions specific specifications stack stacktrace step steps submitting suggested
    summary supporting system tell that the there this title to trace type use used used using valid version versions video
    want was were what when where which why with work workaround would you your"""
)
_ENVIRONMENT = _words(
    """environment version versions system server device devices hardware platform installed activated software machine
    specifications os browser runtime packages plugins extensions modules apps kernel"""
)
_NOT_ENVIRONMENT = _words(
    "expected actual happened problem describe reproduce steps error errors log logs bug output"
)
_CHECK = pattern(r"^\s{0,12}[-*+] \[([ xX])\] +(.*)$")
_HEADING = pattern(
    r"^\s{0,3}(?:#{1,6}[ \t]+(.+?)[ \t#]*|\*\*([^*\n]{2,160})\*\*:?|__([^_\n]{2,160})__:?)\s*$"
)
_LABEL = pattern(r"^\s{0,3}(?:[-*+] )?([^\W\d_][^:\n]{1,100}):\s*$")
_ANSWER = pattern(r"^\s{0,6}(?:[-*+] )?(?:\*\*)?([^\W\d_][^:\n*]{1,40}?)(?:\*\*)?:(?:\*\*)? ?\S")
_SENTENCE = pattern(
    r"(?i)(?:the|this|these|that|my|i|it|a|an|here|in) "
)  # what reporters begin with, not forms
_EMPTY = pattern(r"^\s*(?:_?no response_?|n/?a|none|_none_)\.?\s*$", re.IGNORECASE)
_WORD = pattern(r"[^\W\d_]+")
_MOST_WORDS = 14  # of a heading or question; a guess
_TICKED_WORDS = 4  # so short a ticked line is a choice, a longer one an assurance; a guess
Forms = Collection[str]


def normal(line: str) -> str:
    """A line as forms are compared: words and numbers, in lower case."""
    return " ".join(re.findall(r"[^\W_]+", line[:300].lower()))


def mark(lines: Sequence[str], fenced: Sequence[int], kinds: list[str], forms: Forms = ()) -> None:
    """Set the kinds of lines that are a form's words ("form"), or answers on the reporter's set-up ("environment").

    `fenced` is as of `regions.fences`. Logs keep their kind wherever they stand.
    """
    setup = False
    for i, line in enumerate(lines):
        if fenced[i]:
            if setup and kinds[i] == "code":
                kinds[i] = "environment"
            continue
        if not line.strip() or kinds[i] == "log":
            continue
        if (title := _heading(line)) is not None:
            own = is_form(title)
            setup = own and is_setup(title)
            if own or normal(title) in forms:
                kinds[i] = "form"
        elif ticked := _CHECK.match(line):
            if (
                ticked[1] == " "
                or len(_WORD.findall(ticked[2])) > _TICKED_WORDS
                or normal(ticked[2]) in forms
            ):
                kinds[i] = "form"
        elif _EMPTY.match(line) or (forms and normal(line) in forms):
            kinds[i] = "form"
        elif (label := _LABEL.match(line)) and is_form(label[1]) and not _SENTENCE.match(label[1]):
            kinds[i] = "form"
            setup = setup or is_setup(label[1])
        elif (setup and _of_setup(line)) or (
            kinds[i] == "prose"
            and (answer := _ANSWER.match(line))
            and is_form(answer[1])
            and is_setup(answer[1])
        ):
            kinds[i] = "environment"


def _heading(line: str) -> str | None:
    m = _HEADING.match(line)
    return next((g for g in m.groups() if g), "") if m else None


def is_form(title: str) -> bool:
    """Whether a heading, question or label is made of a form's words alone."""
    found = [w.lower() for w in _WORD.findall(re.sub(r"[\[(][^\[\]()]{0,80}[\])]", " ", title[:200]))]
    if not found or len(found) > _MOST_WORDS:
        return False
    if found[-1] in ("version", "versions") and len(found) < 5:  # "Shop version"
        return True
    return _FORM.issuperset(found)


def is_setup(title: str) -> bool:
    """Whether what stands below a form's heading tells of the reporter's set-up, not of the fault."""
    found = {w.lower() for w in _WORD.findall(title[:200])}
    return not found.isdisjoint(_ENVIRONMENT) and found.isdisjoint(_NOT_ENVIRONMENT)


def _is_setup_answer(line: str) -> bool:
    answer = _ANSWER.match(line)
    return answer is not None and is_form(answer[1]) and is_setup(answer[1])


def _of_setup(line: str) -> bool:
    return len(_WORD.findall(line)) <= 12 or is_version(line) or not line.rstrip().endswith((".", "!", "?"))


_PATHS = pattern(
    r"(?i)^(?:(?:\.github|docs|\.gitea|\.forgejo)/)?(?:issue_template|pull_request_template)(?:/[^/]+)?\.(?:md|ya?ml|txt)$"
    r"|^(?:\.github|docs|\.gitea|\.forgejo)/(?:issue_template|pull_request_template)/[^/]+$"
    r"|^\.gitlab/(?:issue|merge_request)_templates/[^/]+$|^(?:\.github/)?issue_template/[^/]+$"
)
_YAML = pattern(
    r"^\s{0,40}-?\s{0,8}(?:(label|description|placeholder|value|title|about|name|required)\s*:\s*)?(.*)$"
)


def is_template(path: str) -> bool:
    """Whether a file of a repository is an issue form or a template of a tracker."""
    return bool(_PATHS.match(path))


def lines_of(path: str, text: str, limit: int = 40_000) -> frozenset[str]:
    """The lines of a form or template, `normal`. YAML is read line by line: strangers wrote it."""
    found: set[str] = set()
    yaml = path.lower().endswith((".yml", ".yaml"))
    for line in text[:limit].split("\n"):
        m = _YAML.match(line[:400]) if yaml else None
        shown = m[2].strip(" |>\"'") if m else line
        if ticked := _CHECK.match(shown):
            shown = ticked[2]
        if len(words := normal(shown)) > 3 and " " in words:
            found.add(words)
    return frozenset(found)
