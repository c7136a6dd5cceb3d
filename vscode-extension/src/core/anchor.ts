/** Reads a line of a document by its number, 1-based; undefined beyond its end. */
export type Text = (line: number) => string | undefined;

const REACH = 400; // lines looked at, up and down

/**
 * Where a line of the indexed file stands in a document that may have changed since: the nearest line that
 * `fits`, else the line of the same number, else the last line.
 */
export function anchor(text: Text, count: number, line: number, fits: (text: string) => boolean): number {
  const start = Math.min(Math.max(1, line), Math.max(1, count));
  for (let off = 0; off <= REACH; off++) {
    for (const at of off ? [start - off, start + off] : [start]) {
      const found = at >= 1 && at <= count ? text(at) : undefined;
      if (found !== undefined && fits(found)) return at;
    }
  }
  return start;
}

/** Fits a line with the same text but for white space. */
export function sameText(wanted: string): (text: string) => boolean {
  const flat = wanted.trim();
  return (text) => text.trim() === flat;
}

/** Fits a line that has a name as a whole word. */
export function hasName(qualname: string): (text: string) => boolean {
  const name = qualname.slice(qualname.lastIndexOf(".") + 1);
  return (text) => {
    for (let at = text.indexOf(name); at >= 0; at = text.indexOf(name, at + 1)) {
      if (!isLetter(text[at - 1]) && !isLetter(text[at + name.length])) return true;
    }
    return !name;
  };
}

function isLetter(char: string | undefined): boolean {
  return char !== undefined && /[\p{L}\p{N}_$]/u.test(char);
}
