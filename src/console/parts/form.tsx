import type { Child } from "hono/jsx";
import { fields } from "../form.ts";
import type { Visit } from "../page.ts";
import { shellWords } from "../words/shell.ts";

interface ActionFormProps {
  readonly visit: Visit;
  /** Its name in `PageModule.actions`. */
  readonly action: string;
  /** On the button. */
  readonly button: string;
  /** `danger`: it cannot be taken back. `plain`: one of many. */
  readonly tone?: "danger" | "plain";
  /** Another page of the console that has the action, from `visit.href`. Left out: this page. */
  readonly to?: string;
  readonly class?: string;
  /** Sent along and not shown. */
  readonly hidden?: Readonly<Record<string, string | null>>;
  readonly children?: Child;
}

/**
 * A form that changes something. What was typed stays when it is refused; it makes one change, however often it is sent.
 */
export function ActionForm(props: ActionFormProps) {
  const { visit, action, button, tone, to, hidden = {}, children } = props;
  const refused = visit.refused?.action === action ? visit.refused : null;
  const key = refused?.isUnknown ? refused.form.idempotencyKey : crypto.randomUUID();
  return (
    <form method="post" action={to ?? visit.hrefHere({})} class={props.class ?? "stacked"}>
      <input type="hidden" name={fields.action} value={action} />
      <input type="hidden" name={fields.idempotencyKey} value={key} />
      {visit.csrfToken === null ? null : (
        <input type="hidden" name={fields.csrfToken} value={visit.csrfToken} />
      )}
      {Object.entries(hidden).map(([name, value]) =>
        value === null ? null : <input type="hidden" name={name} value={value} />,
      )}
      {children}
      <button class={tone}>{button}</button>
    </form>
  );
}

/** What was typed into a field of a form that was refused; `fallback` otherwise. */
export function typed(visit: Visit, action: string, name: string, fallback = ""): string {
  return visit.refused?.action === action ? visit.refused.form.text(name) : fallback;
}

/** Of the line above the page that says what is wrong. @param index in the details of the refusal */
export const problemId = (index: number) => `problem-${index}`;

interface FieldAttributes {
  readonly name: string;
  readonly "aria-invalid"?: "true";
  /** What is wrong with it. */
  readonly "aria-describedby"?: string;
}

/**
 * What each field of a form that changes something begins with: its name, and when it was refused for this field, that it
 * is wrong and where it is said why.
 *
 * @param path of the field in what the API says, where it has another there; members of it are it too
 */
export function field(visit: Visit, action: string, name: string, path = name): FieldAttributes {
  const details = visit.refused?.action === action ? visit.refused.details : [];
  const problems = details.flatMap((detail, index) =>
    detail.path === path || detail.path.startsWith(`${path}.`) ? [problemId(index)] : [],
  );
  return problems.length === 0
    ? { name }
    : { name, "aria-invalid": "true", "aria-describedby": problems.join(" ") };
}

interface FieldProps {
  readonly visit: Visit;
  readonly action: string;
  readonly name?: string;
}

/** Why it is done. Every change asks for it. */
export function ReasonField({ visit, action, name = "reason" }: FieldProps) {
  const w = visit.words(shellWords);
  return (
    <label>
      {w.reason}
      <input
        type="text"
        {...field(visit, action, name)}
        required
        maxlength={500}
        value={typed(visit, action, name)}
      />
      <span class="hint">{w.reasonHint}</span>
    </label>
  );
}

interface ConfirmProps extends Omit<FieldProps, "name"> {
  readonly count: number;
}

/** Asks to type how many are meant, for what cannot be taken back. @see requireConfirmed of `confirm.ts` */
export function ConfirmCount({ visit, action, count }: ConfirmProps) {
  const w = visit.words(shellWords);
  return (
    <label>
      {w.typeCount(String(count))}
      <input
        type="text"
        inputmode="numeric"
        {...field(visit, action, "confirm")}
        required
        pattern={String(count)}
        autocomplete="off"
        class="short"
      />
    </label>
  );
}

interface FilterFormProps {
  readonly visit: Visit;
  /** The path of the list, as in `routes.ts`. */
  readonly path: string;
  /** Labels with fields. */
  readonly children?: Child;
}

/** A form that narrows a list. Its link can be kept. */
export function FilterForm({ visit, path, children }: FilterFormProps) {
  const w = visit.words(shellWords);
  const isFiltered = Object.keys(visit.queries).some((name) => name !== "cursor");
  return (
    <form class="filters" action={visit.href(path)}>
      {children}
      <button class="plain">{w.filter}</button>
      {isFiltered ? <a href={visit.href(path)}>{w.clearFilters}</a> : null}
    </form>
  );
}

interface SelectProps {
  readonly visit: Visit;
  readonly label: string;
  readonly name: string;
  /** Value and text. */
  readonly options: readonly (readonly [string, string])[];
  /** Shown without a value in the query. */
  readonly standard: string;
}

/** One of a few, sent at once where there is client script. */
export function FilterSelect({ visit, label, name, options, standard }: SelectProps) {
  const chosen = visit.query(name) ?? standard;
  return (
    <label>
      {label}
      <select name={name} data-submit>
        {options.map(([value, text]) => (
          <option value={value} selected={value === chosen}>
            {text}
          </option>
        ))}
      </select>
    </label>
  );
}
