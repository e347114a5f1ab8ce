/** What a session asks for when it begins, and what of that is for Postgres. */

/** The parameters of a startup packet: user, database, application_name and settings of the session. */
export function parseStartup(packet: Buffer): Map<string, string> {
  const parts = packet.toString("utf8", 8).split("\0");
  const parameters = new Map<string, string>();
  for (let index = 0; index + 1 < parts.length && parts[index]; index += 2) {
    parameters.set(parts[index] ?? "", parts[index + 1] ?? "");
  }
  return parameters;
}

/** Startup parameters that are passed on. Everything else of the connection is the gateway's own decision. */
const forwarded: ReadonlySet<string> = new Set([
  "application_name",
  "options",
  "statement_timeout",
  "lock_timeout",
  "idle_in_transaction_session_timeout",
]);

/** Options stand apart by white space, unless a backslash is in front of it. */
const optionWords = /(?:\\[\s\S]|[^\\ \t\n\f\r]|\\$)+/g;
/** Which endpoint is meant, where TLS does not say it, and at which point of its history. */
const forNeon = /^(?:(?:endpoint|project)=|neon_\w+:.)/;

/** What Postgres is told, without what Neon takes out of `options` for itself. */
export function settingsForPostgres(parameters: ReadonlyMap<string, string>): Record<string, string> {
  const settings = Object.fromEntries([...parameters].filter(([name]) => forwarded.has(name)));
  if (settings.options === undefined) return settings;
  const { options, ...others } = settings;
  const words = (options.match(optionWords) ?? []).filter((word) => !forNeon.test(word));
  return words.length === 0 ? others : { ...others, options: words.join(" ") };
}
