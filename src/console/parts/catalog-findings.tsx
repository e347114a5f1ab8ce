import type { CatalogFinding, FindingKind } from "../../http/kit/product-answers.ts";
import type { Visit } from "../page.ts";
import { findingWords } from "../words/catalog-findings.ts";
import { Time } from "./text.tsx";

/** Of one kind; the API has all. */
const mostShown = 50;

interface FindingsProps {
  readonly visit: Visit;
  readonly findings: readonly CatalogFinding[];
  /** On the page of one event its name need not be said. */
  readonly ofOne?: boolean;
}

/** Where what was seen is not as it is declared: the worst first, what may well be right behind a click. */
export function CatalogFindings({ visit, findings, ofOne = false }: FindingsProps) {
  const w = visit.words(findingWords);
  const of = (level: CatalogFinding["level"]) => findings.filter((finding) => finding.level === level);
  const [errors, warnings, notes] = [of("error"), of("warning"), of("note")];
  const titleOf = (level: CatalogFinding["level"], told: readonly CatalogFinding[]) =>
    w.level(level, visit.format.number(told.length));
  const listOf = (told: readonly CatalogFinding[]) => <Kinds visit={visit} findings={told} ofOne={ofOne} />;
  return (
    <>
      {errors.length === 0 ? null : (
        <section class="message bad">
          <h2>{titleOf("error", errors)}</h2>
          {listOf(errors)}
        </section>
      )}
      {warnings.length === 0 ? null : (
        <section class="message warn">
          <h2>{titleOf("warning", warnings)}</h2>
          {listOf(warnings)}
        </section>
      )}
      {notes.length === 0 ? null : (
        <details>
          <summary>{titleOf("note", notes)}</summary>
          {listOf(notes)}
        </details>
      )}
    </>
  );
}

function Kinds({ visit, findings, ofOne = false }: FindingsProps) {
  const w = visit.words(findingWords);
  const kinds = [...new Set(findings.map(({ kind }) => kind))];
  return (
    <ul>
      {kinds.flatMap((kind) => {
        const own = findings.filter((finding) => finding.kind === kind);
        const rest = own.length - mostShown;
        return [
          ...own.slice(0, mostShown).map((finding) => (
            <li>
              <Subject finding={finding} ofOne={ofOne} /> {w.kind(kind)}
              <Numbers visit={visit} finding={finding} />
            </li>
          )),
          ...(rest > 0 ? [<li>{w.more(visit.format.number(rest))}</li>] : []),
        ];
      })}
    </ul>
  );
}

function Subject({ finding, ofOne }: { readonly finding: CatalogFinding; readonly ofOne: boolean }) {
  const { type, subject, kind } = finding;
  // Of these the type itself is the news, and the subject who wrote it.
  const isAboutType = subject === null || aboutType.includes(kind);
  if (isAboutType) return <code>{type}</code>;
  return (
    <>
      <b>{subject}</b>
      {ofOne ? null : (
        <>
          : <code>{type}</code>
        </>
      )}
    </>
  );
}

const aboutType: readonly FindingKind[] = ["unlisted_type", "foreign_type", "older_name"];
const inBytes: readonly FindingKind[] = ["large_payload", "above_guideline"];

function Numbers({ visit, finding }: { readonly visit: Visit; readonly finding: CatalogFinding }) {
  const w = visit.words(findingWords);
  const { kind, subject, count, of, last_seen_at } = finding;
  const { number } = visit.format;
  const text =
    count === null
      ? null
      : of === null
        ? `×${number(count)}`
        : (inBytes.includes(kind) ? w.bytes : w.ofLooked)(number(count), number(of));
  const who = aboutType.includes(kind) ? subject : null;
  if (text === null && who === null && last_seen_at === null) return null;
  return (
    <span class="quiet">
      {" ("}
      {[who, text].filter((part) => part !== null).join(", ")}
      {last_seen_at === null ? null : (
        <>
          {who === null && text === null ? "" : ", "}
          <Time visit={visit} at={last_seen_at} as="ago" />
        </>
      )}
      )
    </span>
  );
}
