// Colours for code of any language: comments, strings, numbers and the words that most languages share.

const HASH = new Set(["python", "ruby", "shell", "yaml", "toml", "dockerfile", "perl", "elixir", "makefile",
  "properties", "r", "hcl", "cmake", "graphql", "nix"]);
const DASH = new Set(["sql", "lua", "haskell", "ada"]);
const NONE = new Set(["markdown", "text", "json", "rst", "xml", "html"]);
const WORDS = new Set(("abstract and as assert async await bool boolean break byte case catch char class const "
  + "constructor continue def default defer del do double elif else end enum except export extends extern false "
  + "final finally float fn for foreach from fun func function go goto if impl implements import in int interface "
  + "internal is lambda let long match module mut namespace new nil none not null object operator or override "
  + "package pass private protected pub public raise readonly record ref require return rescue sealed select self "
  + "short static string struct super switch synchronized this throw throws trait true try type typeof union "
  + "unless unsafe until use using val var virtual void volatile when where while with yield").split(" "));
const QUOTES = String.raw`"(?:[^"\\]|\\.)*"?|'(?:[^'\\]|\\.)*'?|` + "`(?:[^`\\\\]|\\\\.)*`?";
const REST = String.raw`|[A-Za-z_$][\w$]*|\d[\w.]*`;

function span(kind, text) {
  const el = document.createElement("span");
  el.className = kind;
  el.textContent = text;
  return el;
}

// Returns a function that turns the lines of a file, one after another, into nodes.
export function painter(language) {
  if (NONE.has(language)) return (text) => [text || " "];
  const comment = HASH.has(language) ? "#.*" : DASH.has(language) ? "--.*" : String.raw`\/\/.*|\/\*.*?(?:\*\/|$)`;
  const long = language === "python" ? ['"""', "'''"] : [];
  const opens = long.length ? `|"""|'''` : "";
  const token = new RegExp(`(${comment})${opens ? `|(${opens.slice(1)})` : "|(\\b\\B)"}|(${QUOTES})${REST}`, "g");
  let inside = ""; // what ends the comment or string that the last line left open

  return (text) => {
    const out = [];
    let at = 0;
    if (inside) {
      const end = text.indexOf(inside);
      const stop = end < 0 ? text.length : end + inside.length;
      out.push(span(inside === "*/" ? "c" : "s", text.slice(0, stop)));
      at = stop;
      if (end >= 0) inside = "";
    }
    token.lastIndex = at;
    for (let m; !inside && (m = token.exec(text));) {
      if (m[0] === "") { token.lastIndex++; continue; }
      out.push(text.slice(at, m.index));
      at = m.index + m[0].length;
      if (m[1] !== undefined) {
        if (m[1].startsWith("/*") && !m[1].endsWith("*/")) inside = "*/";
        out.push(span("c", m[0]));
      } else if (m[2] !== undefined) {
        const end = text.indexOf(m[2], at);
        if (end < 0) inside = m[2];
        const stop = end < 0 ? text.length : end + 3;
        out.push(span("s", text.slice(m.index, stop)));
        at = token.lastIndex = stop;
      } else if (m[3] !== undefined) out.push(span("s", m[0]));
      else if (/^\d/.test(m[0])) out.push(span("n", m[0]));
      else out.push(WORDS.has(m[0]) ? span("k", m[0]) : m[0]);
    }
    out.push(text.slice(at) || (out.length ? "" : " "));
    return out;
  };
}
