// A line of code as nodes: colours as the service found them, and the report's words marked. Places are counted in
// characters, as Python does, not in UTF-16 units.

const LEAST = 4; // letters of a word that is marked

/** The words of a report that are worth marking: whole ones, lower case. */
export function wordsOf(report) {
  return new Set((report.match(/[\p{L}]{4,}/gu) ?? []).map((w) => w.toLowerCase()));
}

/** Whether an identifier's part is a word of the report, in this or nearly this form: refunds, refunded, refund. */
function said(part, words) {
  const low = part.toLowerCase();
  if (low.length < LEAST) return false;
  for (const w of words) {
    if (w === low) return true;
    const [short, long] = w.length < low.length ? [w, low] : [low, w];
    if (short.length >= LEAST && long.length - short.length <= 3 && long.startsWith(short)) return true;
  }
  return false;
}

const PART = /\p{Lu}?\p{Ll}+|\p{Lu}+(?!\p{Ll})/gu;

export function paint(text, spans = [], words = new Set()) {
  const characters = [...text];
  const kinds = new Array(characters.length).fill("");
  for (const [start, end, kind] of spans) kinds.fill(kind, start, end);
  const marks = new Array(characters.length).fill(false);
  if (words.size && characters.length === text.length) {
    for (const m of text.matchAll(PART)) if (said(m[0], words)) marks.fill(true, m.index, m.index + m[0].length);
  }
  const out = [];
  for (let at = 0; at < characters.length;) {
    let end = at + 1;
    while (end < characters.length && kinds[end] === kinds[at] && marks[end] === marks[at]) end++;
    const piece = characters.slice(at, end).join("");
    if (kinds[at] || marks[at]) {
      const el = document.createElement(marks[at] ? "mark" : "span");
      if (kinds[at]) el.className = kinds[at];
      el.textContent = piece;
      out.push(el);
    } else out.push(piece);
    at = end;
  }
  return out.length ? out : [" "];
}
