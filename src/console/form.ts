import type { Form } from "./page.ts";

/** Fields that every form of the console has. */
export const fields = { action: "_action", csrfToken: "csrf_token", idempotencyKey: "_key" } as const;

const keyShape = /^[0-9a-f-]{36}$/;

const plainNumber = /^-?(?:\d+(?:[.,]\d+)?|[.,]\d+)$/;
/** `1,000` is a thousand where some people live and one where others do. */
const mayBeGrouped = /^-?[1-9]\d{0,2}[.,]\d{3}$/;

/**
 * A number for the body of a change, with a point or a comma before its decimals. Left out when nothing was typed, for the
 * route's own default; what is no number, or may be two, is sent as it is, so that the route tells what it received.
 */
export function numberIn(form: Form, name: string): Readonly<Record<string, number | string>> {
  const text = form.optional(name);
  if (text === null) return {};
  const isNumber = plainNumber.test(text) && !mayBeGrouped.test(text);
  return { [name]: isNumber ? Number(text.replace(",", ".")) : text };
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
