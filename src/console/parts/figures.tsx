import type { Tone } from "./text.tsx";

export interface Figure {
  readonly name: string;
  readonly value: string;
  /** Beside it, smaller. */
  readonly note?: string;
  /** What is behind the number. */
  readonly href?: string;
  readonly tone?: Tone;
}

/** Numbers at a glance; each leads to what is behind it. */
export function Figures({ of }: { readonly of: readonly Figure[] }) {
  return (
    <ul class="figures">
      {of.map((figure) => (
        <li class={figure.tone}>
          {figure.href === undefined ? (
            <FigureText {...figure} />
          ) : (
            <a href={figure.href}>
              <FigureText {...figure} />
            </a>
          )}
        </li>
      ))}
    </ul>
  );
}

function FigureText({ name, value, note }: Figure) {
  return (
    <>
      <span class="name">{name}</span>
      <b>{value}</b>
      {note === undefined ? null : <span class="note">{note}</span>}
    </>
  );
}
