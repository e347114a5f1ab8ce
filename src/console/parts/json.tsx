import type { Visit } from "../page.ts";
import { shellWords } from "../words/shell.ts";

/** More of a tree, and more characters of one text, are not drawn; the raw text has all of it. */
const maxDrawn = 2_000;

/** A value as a tree that opens and closes, and as text. @param value JSON */
export function Json({ visit, value }: { readonly visit: Visit; readonly value: unknown }) {
  const w = visit.words(shellWords);
  const room = { left: maxDrawn };
  return (
    <div class="json">
      <div class="tree">
        <Value value={value} room={room} depth={0} />
      </div>
      <details>
        <summary>{w.raw}</summary>
        <pre tabindex={0}>
          <code>{JSON.stringify(value, null, 2)}</code>
        </pre>
      </details>
    </div>
  );
}

interface ValueProps {
  readonly value: unknown;
  /** How much may still be drawn, shared by the whole tree. */
  readonly room: { left: number };
  readonly depth: number;
}

function Value({ value, room, depth }: ValueProps) {
  if (value === null || typeof value !== "object") return <Scalar value={value} />;
  const entries = Object.entries(value);
  const [open, close] = Array.isArray(value) ? ["[", "]"] : ["{", "}"];
  if (entries.length === 0) return <span class="quiet">{`${open}${close}`}</span>;
  const shown = entries.slice(0, Math.max(0, room.left));
  room.left -= shown.length;
  const list = (
    <ul>
      {shown.map(([name, member]) => (
        <li>
          <span class="member">{name}</span> <Value value={member} room={room} depth={depth + 1} />
        </li>
      ))}
      {shown.length < entries.length ? <li class="quiet">… {entries.length - shown.length}</li> : null}
    </ul>
  );
  if (depth === 0) return list;
  return (
    <details open={depth < 2 && entries.length <= 20}>
      <summary>{`${open}${entries.length}${close}`}</summary>
      {list}
    </details>
  );
}

function Scalar({ value }: { readonly value: unknown }) {
  const kind = value === null ? "null" : typeof value;
  const text = String(value);
  if (text.length <= maxDrawn) return <code class={kind}>{text}</code>;
  return (
    <>
      <code class={kind}>{text.slice(0, maxDrawn)}</code>
      <span class="quiet">… {text.length - maxDrawn}</span>
    </>
  );
}
