/**
 * What a credential may do. `admin` grants everything within its reach, `act_as` allows to call on behalf of a user,
 * `events:publish` all domains, `events:publish:course` the types that begin with `course.`, `*:read` every module.
 */
export type Scope =
  | "admin"
  | "act_as"
  | "approve"
  | "operate"
  | `events:publish${"" | `:${string}`}`
  | `${string}:read`
  | `${string}:write`;

const scopeShape =
  /^(?:admin|act_as|approve|operate|events:publish(?::[a-z][a-z0-9_]*)?|(?:\*|[a-z][a-z0-9_]*):(?:read|write))$/;

/** True for a text that can be granted. */
export function isScope(text: string): text is Scope {
  return text.length <= 100 && scopeShape.test(text);
}

export const scopeExpectation =
  "expected admin, act_as, approve, operate, events:read, events:publish, events:publish:<domain>, <module>:read, <module>:write, *:read or *:write";

/** Named sets of scopes. */
export const roles = {
  /** Reads everything, changes nothing. */
  viewer: ["*:read"],
  publisher: ["events:publish"],
  /** Repairs: dead letters, replays, consumers. */
  operator: ["*:read", "operate"],
  /** Decides what waits for an approval. */
  approver: ["*:read", "approve"],
  /** A program that uses the modules for its users. */
  application: ["*:read", "*:write", "events:publish", "act_as"],
  admin: ["admin"],
} as const satisfies Readonly<Record<string, readonly Scope[]>>;

export type Role = keyof typeof roles;

export function isRole(text: string): text is Role {
  return Object.hasOwn(roles, text);
}

/** Whoever repairs may see what is broken. */
const impliedBy: Partial<Readonly<Record<Scope, readonly Scope[]>>> = { operate: ["metrics:read"] };

/** True when these scopes together grant `asked`; a grant of more grants the less. */
export function scopesGrant(scopes: readonly Scope[], asked: Scope): boolean {
  const granted = scopes.flatMap((scope) => [scope, ...(impliedBy[scope] ?? [])]);
  return granted.some((scope) => scope === "admin" || includes(scope.split(":"), asked.split(":")));
}

/** True when `granted` is `asked` or stands above it. A part of `asked` in angle brackets fits every part. */
function includes(granted: readonly string[], asked: readonly string[]): boolean {
  return (
    granted.length <= asked.length &&
    granted.every((part, place) => part === "*" || part === asked[place] || asked[place]?.startsWith("<"))
  );
}
