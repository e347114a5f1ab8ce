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

/**
 * Startup parameters that Neon's proxy passes on; all the others it drops without a word, also the time limits that the
 * driver sends. A limit that held here alone would be missing where it counts. (It passes `replication` on as well; here
 * a connection serves one session after the other, and that would be none for the next one.)
 */
const forwarded: ReadonlySet<string> = new Set(["application_name", "options"]);
/** What a session is, and no setting of it. */
const ofTheSession: ReadonlySet<string> = new Set(["user", "database", "replication"]);
/** A word of `options` with which Neon passes on everything. */
const everything = "neon_proxy_params_compat:true";

/** Options stand apart by white space, unless a backslash is in front of it. */
const optionWords = /(?:\\[\s\S]|[^\\ \t\n\f\r]|\\$)+/g;
/** Which endpoint is meant, where TLS does not say it, and at which point of its history. */
const forNeon = /^(?:(?:endpoint|project)=|neon_\w+:.)/;

/** What Postgres is told, without what Neon takes out of `options` for itself. */
export function settingsForPostgres(parameters: ReadonlyMap<string, string>): Record<string, string> {
  const settings = Object.fromEntries([...parameters].filter(([name]) => forwarded.has(name)));
  const given: readonly string[] = settings.options?.match(optionWords) ?? [];
  const words = given.filter((word) => !forNeon.test(word));
  if (given.includes(everything)) {
    for (const [name, value] of parameters) {
      if (!forwarded.has(name) && !ofTheSession.has(name)) words.unshift("-c", `${name}=${escaped(value)}`);
    }
  }
  const { options: _, ...others } = settings;
  return words.length === 0 ? others : { ...others, options: words.join(" ") };
}

const escaped = (value: string): string => value.replace(/[\\ \t\n\f\r]/g, "\\$&");
