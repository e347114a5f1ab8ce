import type { Child } from "hono/jsx";
import type { Scope } from "../http/kit/scopes.ts";
import type { ConsoleApi, Query } from "./api.ts";
import type { Format } from "./format.ts";
import type { Preferences } from "./preferences.ts";
import type { Words } from "./words.ts";

/** Who looks at a page, as `GET /api/me` says. */
export interface Caller {
  readonly kind: string;
  readonly id: string;
  readonly name: string;
  /** Null: all tenants. */
  readonly tenant_id: string | null;
  readonly scopes: readonly Scope[];
}

/** What a form sent. */
export interface Form {
  /** Trimmed; empty when it is not there. */
  text(name: string): string;
  /** Null when it is empty or not there. */
  optional(name: string): string | null;
  all(name: string): readonly string[];
  /** Of this one form; give it to the change that it makes. */
  readonly idempotencyKey: string;
}

/** A change that was not made, shown above the page together with what was typed. */
export interface Refused {
  /** The name of the action, as in `PageModule.actions`. */
  readonly action: string;
  readonly form: Form;
  readonly message: string;
  readonly details: readonly { readonly path: string; readonly message: string }[];
  readonly requestId: string | null;
  /** True: nobody knows whether it was done, so the same idempotency key is used again. */
  readonly isUnknown: boolean;
}

/** One look at one page. */
export interface Visit {
  readonly api: ConsoleApi;
  readonly caller: Caller;
  /** True when the caller's credential grants it; what it does not is not offered. */
  can(scope: Scope): boolean;
  /** True for a credential of all tenants: what concerns everybody is not offered to others. */
  readonly isForAllTenants: boolean;
  readonly preferences: Preferences;
  readonly format: Format;
  readonly now: Date;
  /** The texts in the viewer's language. */
  words<Texts>(words: Words<Texts>): Texts;
  /** Parts of the path, by their names in `routes.ts`. */
  param(name: string): string;
  /** A field of the query; null when it is empty or not there. */
  query(name: string): string | null;
  /** All fields of the query that are not empty. */
  readonly queries: Readonly<Record<string, string>>;
  /** Where the system is reached, for commands to be copied. */
  readonly origin: string;
  /** A link within the console. @param path as in `routes.ts`, with the parts filled in */
  href(path: string, query?: Query): string;
  /** This page with other fields in its query; null takes one away. */
  hrefHere(query: Query): string;
  /** Null: no form was refused. */
  readonly refused: Refused | null;
  /** Sent by each form. Null: the credential is no session. */
  readonly csrfToken: string | null;
}

/** What is shown. */
export interface PageView {
  readonly title: string;
  readonly main: Child;
  /** The way here, from the list that it belongs to. Left out: it is such a list. */
  readonly trail?: readonly { readonly href: string; readonly text: string }[];
  /** Default 200. */
  readonly status?: number;
}

/** Another page that is meant, e.g. the one event that an id names. */
export interface ShownElsewhere {
  /** From `visit.href`. */
  readonly goTo: string;
}

/** What a form did. */
export interface Done {
  /** Where the browser goes, from `visit.href`. */
  readonly goTo: string;
  /** The server's answer in a sentence. */
  readonly told: string;
  /** Of the change, so that its audit entry is one click away; null: it has none. */
  readonly requestId: string | null;
}

/** A page shown instead: a dry run that asks to go on, a secret that is shown once. */
export interface ShownInstead {
  readonly shown: PageView;
}

export type Act = (visit: Visit, form: Form) => Promise<Done | ShownInstead>;

/** One page of the console. Each is a file of `pages/`, loaded when it is asked for. */
export interface PageModule {
  show(visit: Visit): Promise<PageView | ShownElsewhere>;
  /** What its forms do, by the name in `<ActionForm action=…>`. */
  readonly actions?: Readonly<Record<string, Act>>;
}
