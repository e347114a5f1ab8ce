const previewHost = "https://brain.staging";

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

/** Address of a preview: `_` of the course's id becomes `-`, and at most 50 characters of it are used. */
export function previewUrl(courseId: string, version: number): string {
  return `${previewHost}/previews/${courseId.replaceAll("_", "-").slice(0, 50)}/v${version}/`;
}
