/** One server-sent event. */
export interface ServerEvent {
  name: string;
  data: string;
}

const LONGEST = 32 * 1024 * 1024; // characters of one event

/** Events of a stream of text, as the HTML standard reads them; comments are dropped. */
export async function* events(chunks: AsyncIterable<string>): AsyncGenerator<ServerEvent> {
  let rest = "";
  let name = "";
  let data: string[] = [];
  for await (const chunk of chunks) {
    rest += chunk;
    if (rest.length > LONGEST) throw new RangeError("an event is too long");
    // A carriage return at the end may be the first half of a line's end.
    const whole = rest.endsWith("\r") ? rest.length - 1 : rest.length;
    const lines = rest.slice(0, whole).split(/\r\n|\r|\n/);
    rest = (lines.pop() ?? "") + rest.slice(whole);
    for (const line of lines) {
      if (line === "") {
        if (data.length) yield { name: name || "message", data: data.join("\n") };
        name = "";
        data = [];
        continue;
      }
      const colon = line.indexOf(":");
      const field = colon < 0 ? line : line.slice(0, colon);
      const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
      if (field === "event") name = value;
      else if (field === "data") data.push(value);
    }
  }
}
