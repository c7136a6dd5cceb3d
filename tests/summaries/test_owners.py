"""CODEOWNERS files as GitHub and GitLab read them, in bounded time whatever they hold."""

from __future__ import annotations

import time

import pytest

from summaries.owners import MOST_RULES, owners_of, rules, without_addresses

# The examples of GitHub's own page, in its order.
GITHUB = r"""
*       @global-owner1 @global-owner2
*.js    @js-owner #This is an inline comment.
*.go docs@example.com
*.txt @octo-org/octocats
/build/logs/ @doctocat
docs/*  docs@example.com
apps/ @octocat
/docs/ @doctocat
/scripts/ @doctocat @octocat
**/logs @octocat
/apps/ @octocat
/apps/github
"""


@pytest.mark.parametrize(
    ("path", "owners"),
    [
        ("README.md", ("@global-owner1", "@global-owner2")),
        ("src/deep/a.js", ("@js-owner",)),
        ("a.go", ("docs@example.com",)),
        ("notes/a.txt", ("@octo-org/octocats",)),
        ("build/logs/day/one.go", ("@octocat",)),
        ("deeply/nested/logs/x", ("@octocat",)),
        ("docs/sub/page", ("@doctocat",)),
        ("scripts/a", ("@doctocat", "@octocat")),
        ("apps/x/y", ("@octocat",)),
        ("apps/github/z.js", ()),
        ("sub/apps/y", ("@octocat",)),
    ],
)
def test_the_last_line_that_matches_wins(path: str, owners: tuple[str, ...]) -> None:
    assert owners_of(GITHUB, path) == owners


def test_a_star_at_the_end_is_about_one_folder() -> None:
    text = "docs/* @writers"
    assert owners_of(text, "docs/a.md") == ("@writers",)
    assert owners_of(text, "docs/a/b.md") == ()


GITLAB = r"""
* @default
[Documentation][2] @docs-team
docs/
README.md @readme-owner
^[Database] @dba
db/
!db/generated
[DOCUMENTATION]
*.rst @rst
path\ with\ spaces/ @@maintainers
"""


@pytest.mark.parametrize(
    ("path", "owners"),
    [
        ("main.go", ("@default",)),
        ("docs/a.md", ("@default", "@docs-team")),
        ("README.md", ("@default", "@readme-owner")),
        ("db/schema.sql", ("@default", "@dba")),
        ("db/generated/x.sql", ("@default",)),
        ("docs/a.rst", ("@default", "@rst")),
        ("path with spaces/a", ("@default", "@@maintainers")),
    ],
)
def test_sections_stand_side_by_side(path: str, owners: tuple[str, ...]) -> None:
    assert owners_of(GITLAB, path) == owners


@pytest.mark.slow
def test_what_a_stranger_writes_takes_no_time() -> None:
    began = time.monotonic()
    text = "".join(f"{'*a' * 400}{n} @x\n{'**/' * 300}b{n} @y\n" for n in range(2000))
    assert owners_of(text, "a" * 900 + "/" + "ab/" * 300 + "c") == ()
    assert len(rules("a @b\n" * (3 * MOST_RULES))) == MOST_RULES
    assert owners_of("[" * 5000 + "\n\\\n! @x\n / @y\n[]", "a") == ()
    assert time.monotonic() - began < 20


def test_addresses_are_left_out_of_subjects() -> None:
    assert (
        without_addresses("Merge ada@example.org's <b.c@d-e.co.uk> work @team v1@2")
        == "Merge …'s … work @team v1@2"
    )
