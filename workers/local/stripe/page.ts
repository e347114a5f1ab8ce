/** The payment page of the Stripe stand-in: what a buyer would see at Stripe, with buttons for what may happen. */

import type { Session } from "./objects.ts";

const escapes: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};
const escapeHtml = (text: string) => text.replace(/[&<>"']/g, (character) => escapes[character] ?? "");

export const pageHeaders = {
  "content-type": "text/html; charset=utf-8",
  "content-security-policy":
    "default-src 'none'; style-src 'unsafe-inline'; form-action *; frame-ancestors 'none'",
  "referrer-policy": "no-referrer",
  "cache-control": "no-store",
} as const;

function page(title: string, content: string): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 28rem; margin: 4rem auto; padding: 0 1rem; color: #1a1f36; }
.amount { font-size: 2.5rem; font-weight: 600; margin: 0; }
.note { background: #fff4d6; border-radius: .5rem; padding: .75rem 1rem; }
form { display: inline; }
button { font: inherit; padding: .6rem 1.2rem; border-radius: .5rem; border: 1px solid #c0c8d2; background: #fff; cursor: pointer; }
button.main { background: #1857d6; color: #fff; border-color: #1857d6; }
</style>
<p class="note">This is a stand-in for Stripe on your own machine. No money moves.</p>
${content}
</html>
`;
}

/** @param problem shown above the buttons; null when there is none */
export function paymentPage(session: Session, problem: string | null): string {
  const amount = `${(session.amount_total / 100).toFixed(2)} ${session.currency.toUpperCase()}`;
  const heading = `<h1>Payment</h1>\n<p class="amount">${escapeHtml(amount)}</p>`;
  if (session.status !== "open") {
    return page("Payment", `${heading}\n<p>This page is ${escapeHtml(session.status)}.</p>`);
  }
  const button = (action: string, label: string, kind = "other") =>
    `<form method="post" action="/pay/${session.id}/${action}"><button class="${kind}">${label}</button></form>`;
  return page(
    "Payment",
    `${heading}
${problem === null ? "" : `<p role="alert">${escapeHtml(problem)}</p>`}
<div>${button("pay", "Pay", "main")} ${button("decline", "Card is declined")} ${button("expire", "Let it expire")}</div>
${session.cancel_url === null ? "" : `<p><a href="${escapeHtml(session.cancel_url)}">Back</a></p>`}`,
  );
}

/** Where buyers come back to when nobody says where, by path; null for any other path. */
export function returnPage(path: string): string | null {
  if (path === "/thanks") {
    return page("Thank you", "<h1>Thank you</h1>\n<p>The payment is done. You may close this page.</p>");
  }
  if (path === "/given-up") {
    return page("Given up", "<h1>Given up</h1>\n<p>Nothing was paid. You may close this page.</p>");
  }
  return null;
}
