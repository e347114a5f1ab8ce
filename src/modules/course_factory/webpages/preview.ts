/** The number of a course's version: the first part of `1.0.0`. */
export function versionNumber(version: string): number {
  return Number(/^\d+/.exec(version)?.[0] ?? 1);
}

/**
 * The number of the version that a request names: `latest`, a number (`1`, `v1`), or the whole version (`1.0.0`). Null
 * when the course has no such version.
 */
export function requestedVersion(asked: string, version: string): number | null {
  const current = versionNumber(version);
  const matches = ["latest", version, `v${version}`, String(current), `v${current}`].includes(asked);
  return matches ? current : null;
}
