import { nearestName } from "@brain/schemas";

/** A variable that looks like a setting, and that nobody reads. */
export interface UnknownSetting {
  readonly name: string;
  /** The setting that was probably meant; null when none is near. */
  readonly nearest: string | null;
}

/** Other names belong to anybody, and only a slip of the pen away from a long one of ours are they suspect. */
const strangerMaxChanges = 2;
const strangerMinLength = 8;

/**
 * Settings that are set and have no effect, because their name is not quite right. Empty ones count as not set.
 *
 * @param known every name that this host reads
 * @param beginnings beginnings that only settings of this program have (`BRAIN_`): whatever begins so was meant for it
 */
export function unknownSettings(
  env: Readonly<Record<string, unknown>>,
  known: readonly string[],
  beginnings: readonly string[],
): readonly UnknownSetting[] {
  const names = new Set(known);
  return Object.entries(env).flatMap(([name, value]): UnknownSetting[] => {
    if (typeof value !== "string" || value === "" || names.has(name)) return [];
    if (beginnings.some((beginning) => name.startsWith(beginning)))
      return [{ name, nearest: nearestName(name, names) }];
    if (name.length < strangerMinLength) return [];
    const nearest = nearestName(name, names, strangerMaxChanges);
    return nearest === null ? [] : [{ name, nearest }];
  });
}

/** What to tell about it; never its value, which may be a secret. */
export function describeUnknownSetting({ name, nearest }: UnknownSetting): string {
  const advice =
    nearest === null ? "workers/README.md lists those that there are" : `Did you mean ${nearest}?`;
  return `${name} is set, and nobody here reads it. ${advice}`;
}
