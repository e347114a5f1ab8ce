import type { Form } from "./page.ts";

/** Fields that every form of the console has. */
export const fields = { action: "_action", csrfToken: "csrf_token", idempotencyKey: "_key" } as const;

const keyShape = /^[0-9a-f-]{36}$/;

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
