#!/bin/sh
# Index the checkout (and REPOSITORIES), locate the issue, and write or edit one comment on it.
set -eu
index="${INDEX:-$HOME/.cache/bugatlas-action}"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

printf '%s\n' "${GITHUB_WORKSPACE:-.}" "${REPOSITORIES:-}" | sed '/^[[:space:]]*$/d' > "$work/list"
bugatlas --index "$index" index --from "$work/list"

printf '%s\n\n%s\n' "$TITLE" "${BODY:-}" > "$work/report.md"
code=0
bugatlas --index "$index" locate --file "$work/report.md" --limit "${LIMIT:-5}" --json > "$work/answer.json" || code=$?
[ "$code" = 0 ] || [ "$code" = 3 ] || exit "$code"
verdict=$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["verdict"])' "$work/answer.json")
case "${MINIMUM:-likely}:$verdict" in
    *:confident | likely:likely | unsure:likely | unsure:unsure) ;;
    *) echo "no comment: $verdict"; exit 0 ;;
esac

mark="<!-- bugatlas-action -->"
{
    bugatlas --index "$index" locate --file "$work/report.md" --limit "${LIMIT:-5}" --format markdown
    printf '\n%s\n' "$mark"
} > "$work/comment.md"
known=$(gh api --paginate "repos/$REPOSITORY/issues/$ISSUE/comments" \
    --jq ".[] | select(.user.type == \"Bot\" and (.body | contains(\"$mark\"))) | .id" | head -n 1)
if [ -n "$known" ]; then
    gh api --method PATCH "repos/$REPOSITORY/issues/comments/$known" --field "body=@$work/comment.md" > /dev/null
else
    gh api --method POST "repos/$REPOSITORY/issues/$ISSUE/comments" --field "body=@$work/comment.md" > /dev/null
fi
echo "commented: $verdict"
