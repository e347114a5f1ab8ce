/** Replaces `{name}` by its value; an unknown name stays, and values are never filled a second time. */
export function fill(template: string, values: Readonly<Record<string, string | number>>): string {
  return template.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

/** At most `max` UTF-16 units, with an ellipsis when something was left out; never half a surrogate pair. */
export function cut(value: string, max: number): string {
  if (value.length <= max) return value;
  return `${value
    .slice(0, max - 1)
    .replace(/[\ud800-\udbff]$/, "")
    .trimEnd()}…`;
}

/** One line that ends like a sentence. */
export function asSentence(value: string): string {
  const line = value.replace(/\s+/g, " ").trim();
  return /[.!?…]$/.test(line) ? line : `${line}.`;
}
