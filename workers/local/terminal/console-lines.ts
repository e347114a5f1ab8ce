/** The workers' JSON log lines as a person wants to read them in a terminal. */

const shownElsewhere = new Set(["time", "level", "message"]);

/** `{"time":…,"level":"warn","message":"m","a":1}` becomes `12:30:01 warn  m  a=1`; anything else stays as it is. */
export function formatLogLine(line: string): string {
  let fields: Record<string, unknown>;
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value !== "object" || value === null || !("message" in value)) return line;
    fields = { ...value };
  } catch {
    return line;
  }
  const time = typeof fields.time === "string" ? `${fields.time.slice(11, 19)} ` : "";
  const details = Object.entries(fields)
    .filter(([name, value]) => !shownElsewhere.has(name) && value !== null)
    .map(([name, value]) => `${name}=${typeof value === "string" ? value : JSON.stringify(value)}`);
  return [`${time}${String(fields.level ?? "log").padEnd(5)} ${String(fields.message)}`, ...details].join(
    "  ",
  );
}
