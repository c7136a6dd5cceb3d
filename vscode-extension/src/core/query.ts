/** A search as the service takes it. */
export interface Search {
  q: string;
  at?: string;
  tests: boolean;
}

const TOKEN = /(?:-?\w+:)?"(?:[^"\\]|\\.)*"|\S+/g; // an exact text, perhaps behind a filter; or what blanks part
const OPTION = /^(at|tests):"?(.*?)"?$/i;

/** What was typed: `at:` and `tests:` are options of the search, all else is its query, as it stands. */
export function readSearch(text: string, tests: boolean): Search {
  const found: Search = { q: "", tests };
  const kept = (text.match(TOKEN) ?? []).filter((token) => {
    const [, key, value = ""] = OPTION.exec(token) ?? [];
    if (key?.toLowerCase() === "at" && value) found.at = value;
    else if (key?.toLowerCase() === "tests") found.tests = /^(yes|true|1)$/i.test(value);
    return !key;
  });
  found.q = kept.join(" ");
  return found;
}
