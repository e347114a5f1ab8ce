import type { ApiRefusal } from "../api.ts";
import type { Visit } from "../page.ts";
import { type ApiName, type Asked, choices, type LineIssue, lineFields } from "../search/query-line.ts";
import type { Vocabulary } from "../search/vocabulary.ts";
import { eventWords } from "../words/events.ts";
import { shellWords } from "../words/shell.ts";

interface FormsProps {
  readonly visit: Visit;
  readonly line: string;
  readonly asked: Asked;
  readonly known: Vocabulary;
  /** Rows of a page. */
  readonly sizes: readonly number[];
}

/** The search as a line and as a form. Each is filled with what the other one asked for. */
export function SearchForms({ visit, line, asked, known, sizes }: FormsProps) {
  const w = visit.words(eventWords);
  return (
    <div class="search">
      <form class="line" action={visit.href("/events")}>
        <label for="line">{w.line}</label>
        <input
          id="line"
          type="text"
          name="q"
          value={line}
          maxlength={1_000}
          autocomplete="off"
          autocapitalize="off"
          spellcheck={false}
          aria-describedby="line-hint"
          data-complete="line-words"
          data-label={w.complete}
        />
        <button>{w.search}</button>
        <LimitField visit={visit} />
      </form>
      <p class="hint" id="line-hint">
        {w.lineHint}
      </p>
      <LineWords known={known} />
      <details class="form">
        <summary>{w.form}</summary>
        <FieldForm visit={visit} asked={asked} known={known} sizes={sizes} />
      </details>
      {line === "" ? null : (
        <p class="pager">
          <a href={visit.href("/events", { q: line, limit: visit.query("limit") })}>{w.link}</a>
          <a href={visit.href("/events")}>{visit.words(shellWords).clearFilters}</a>
        </p>
      )}
    </div>
  );
}

/** The line asks for as many rows as the form did. */
function LimitField({ visit }: { readonly visit: Visit }) {
  const limit = visit.query("limit");
  return limit === null ? null : <input type="hidden" name="limit" value={limit} />;
}

/** What the line is completed with, where there is client script. */
function LineWords({ known: { types, modules } }: { readonly known: Vocabulary }) {
  const values = [
    ...types.map((type) => ["type", type] as const),
    ...modules.map((module) => ["module", module] as const),
    ...lineFields.flatMap(([name, api]) => (choices[api] ?? []).map((value) => [name, value] as const)),
  ];
  return (
    <datalist id="line-words">
      {lineFields.map(([name]) => (
        <option value={`${name}:`} />
      ))}
      {values.map(([name, value]) => (
        <option value={`${name}:${value}`} />
      ))}
    </datalist>
  );
}

interface FieldsProps extends Omit<FormsProps, "line"> {}

function FieldForm({ visit, asked, known, sizes }: FieldsProps) {
  const w = visit.words(eventWords);
  const text = (name: ApiName, label: string, hint?: string, list?: string) => (
    <label>
      {label}
      <input
        type="text"
        name={name}
        value={asked[name] ?? ""}
        maxlength={600}
        list={list}
        placeholder={hint}
      />
    </label>
  );
  const select = (name: ApiName, label: string, options: readonly (readonly [string, string])[]) => (
    <label>
      {label}
      <select name={name}>
        {options.map(([value, shown]) => (
          <option value={value} selected={value === (asked[name] ?? "")}>
            {shown}
          </option>
        ))}
      </select>
    </label>
  );
  return (
    <form class="filters" action={visit.href("/events")}>
      {text("type", w.type, w.typeHint, "known-types")}
      {text("tenant_id", w.tenant)}
      {text("key", w.key)}
      {text("text", w.text)}
      {text("payload", w.payload, w.payloadHint)}
      {select("severity", w.severity, [
        ["", w.any],
        ...(choices.severity ?? []).map((one) => [one, one] as const),
      ])}
      {text("from", w.since, w.timeHint)}
      {text("to", w.until, w.timeHint)}
      {text("occurred_from", w.toldSince, w.timeHint)}
      {text("occurred_to", w.toldUntil, w.timeHint)}
      {text("correlation_id", w.storyId)}
      {text("causation_id", w.cause)}
      {text("actor_id", w.actor)}
      {text("agent_id", w.agent)}
      {text("module", w.module, undefined, "known-modules")}
      {text("source", w.source)}
      {text("target", w.target)}
      {text("mission_id", w.mission)}
      {text("task_id", w.task)}
      {select("entries", w.entries, [
        ["", w.entriesAll],
        ["own", w.entriesOwn],
        ["foreign", w.entriesForeign],
      ])}
      {select("order", w.order, [
        ["", w.newest],
        ["oldest", w.oldest],
      ])}
      {select("archive", w.archive, [
        ["", w.archiveNo],
        ["true", w.archiveYes],
      ])}
      <label>
        {w.rows}
        <select name="limit">
          {sizes.map((size) => (
            <option value={String(size)} selected={visit.query("limit") === String(size)}>
              {visit.format.number(size)}
            </option>
          ))}
        </select>
      </label>
      <button class="plain">{w.search}</button>
      <datalist id="known-types">
        {known.types.map((type) => (
          <option value={type} />
        ))}
      </datalist>
      <datalist id="known-modules">
        {known.modules.map((module) => (
          <option value={module} />
        ))}
      </datalist>
    </form>
  );
}

interface TroubleProps {
  readonly visit: Visit;
  readonly line: string;
  readonly issues: readonly LineIssue[];
  readonly refusal: ApiRefusal | null;
}

/** What is wrong with the search, and where. */
export function SearchTrouble({ visit, line, issues, refusal }: TroubleProps) {
  const w = visit.words(eventWords);
  if (issues.length === 0 && refusal === null) return null;
  return (
    <div class="message bad" role="alert">
      <p>
        <b>{w.wrong}.</b> {refusal?.message}
      </p>
      {issues.length === 0 ? null : <MarkedLine line={line} issues={issues} />}
      <ul>
        {issues.map((issue) => (
          <li>
            {w.atPlace(String(issue.at + 1))} {textOf(visit, issue)}
          </li>
        ))}
        {refusal?.details.map(({ path, message }) => (
          <li>
            <code>{path}</code> {message}
          </li>
        ))}
      </ul>
    </div>
  );
}

function MarkedLine({ line, issues }: Pick<TroubleProps, "line" | "issues">) {
  let at = 0;
  const parts = issues.map((issue) => {
    const before = line.slice(at, issue.at);
    at = issue.at + issue.length;
    return (
      <>
        {before}
        <mark>{line.slice(issue.at, at)}</mark>
      </>
    );
  });
  return (
    <p>
      <code>
        {parts}
        {line.slice(at)}
      </code>
    </p>
  );
}

function textOf(visit: Visit, { kind, name, value, expected }: LineIssue): string {
  const w = visit.words(eventWords);
  switch (kind) {
    case "unknown_field":
      return [w.unknownField(name), ...expected.slice(0, 1).map(w.meant)].join(" ");
    case "no_value":
      return w.noValue(name);
    case "open_quote":
      return w.openQuote;
    case "twice":
      return w.twice(name);
    case "not_a_choice":
      return w.notAChoice(value, expected.join(", "));
    case "not_a_time":
      return w.notATime(value);
    case "no_path":
      return w.noPath;
  }
}
