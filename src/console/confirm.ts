import { invalidForm } from "./api.ts";
import type { Form } from "./page.ts";

/**
 * For what cannot be taken back: the typed number has to be the one that was shown, and still be right.
 *
 * @throws {ApiRefusal} it is not
 */
export function requireConfirmed(form: Form, count: number): void {
  const typed = form.text("confirm");
  if (typed === String(count)) return;
  throw invalidForm(
    `"${typed.slice(0, 20)}" was typed, and it concerns ${count} now. Look again, and type ${count} if you still mean it.`,
    "confirm",
  );
}
