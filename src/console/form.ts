import type { Form } from "./page.ts";

/** Fields that every form of the console has. */
export const fields = { action: "_action", csrfToken: "csrf_token", idempotencyKey: "_key" } as const;

const keyShape = /^[0-9a-f-]{36}$/;

/**
 * A number for the body of a change. Left out when nothing was typed, for the route's own default; what is no number is
 * sent as it is, so that the route tells what it received.
 */
export function numberIn(form: Form, name: string): Readonly<Record<string, number | string>> {
  const text = form.optional(name);
  if (text === null) return {};
  const number = Number(text.replace(",", "."));
  return { [name]: Number.isFinite(number) ? number : text };
}

export function readForm(sent: URLSearchParams): Form {
  const text = (name: string) => (sent.get(name) ?? "").trim();
  const key = text(fields.idempotencyKey);
  return {
    text,
    optional: (name) => text(name) || null,
    all: (name) => sent.getAll(name),
    idempotencyKey: keyShape.test(key) ? key : crypto.randomUUID(),
  };
}
