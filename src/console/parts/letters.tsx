import type { DeadLetter } from "../../http/kit/answers/dead-letters.ts";
import type { Visit } from "../page.ts";
import { deadLetterWords } from "../words/dead-letters.ts";
import { Table } from "./table.tsx";
import { Badge, Time, type Tone } from "./text.tsx";

const tones: Readonly<Record<string, Tone>> = {
  open: "bad",
  requeued: "info",
  resolved: "good",
  discarded: "quiet",
};

/** What has become of a dead letter. */
export function LetterBadge({ visit, status }: { readonly visit: Visit; readonly status: string }) {
  const w = visit.words(deadLetterWords);
  const texts: Readonly<Record<string, string>> = {
    open: w.statusOpen,
    requeued: w.statusRequeued,
    resolved: w.statusResolved,
    discarded: w.statusDiscarded,
  };
  return <Badge tone={tones[status] ?? "quiet"}>{texts[status] ?? status}</Badge>;
}

/** Dead letters below each other. */
export function LetterTable({
  visit,
  letters,
}: {
  readonly visit: Visit;
  readonly letters: readonly DeadLetter[];
}) {
  const w = visit.words(deadLetterWords);
  return (
    <Table
      label={w.listTitle}
      columns={[
        { name: w.error, kind: "wide" },
        { name: w.status },
        { name: w.consumer },
        { name: w.key },
        { name: w.attempts, kind: "number" },
        { name: w.last },
      ]}
    >
      {letters.map((letter) => (
        <tr>
          <td>
            <a href={visit.href(`/dead-letters/${letter.id}`)}>
              {letter.event_type ?? letter.reason} · {letter.id}
            </a>
            <p class="quiet">
              {letter.error_class}: {letter.error_message}
            </p>
          </td>
          <td>
            <LetterBadge visit={visit} status={letter.status} />
          </td>
          <td>
            <code>{letter.subscriber}</code>
          </td>
          <td class="short">{letter.key ?? "–"}</td>
          <td>{visit.format.number(letter.attempts)}</td>
          <td>
            <Time visit={visit} at={letter.last_failed_at} as="ago" />
          </td>
        </tr>
      ))}
    </Table>
  );
}
