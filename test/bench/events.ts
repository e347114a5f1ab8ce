import { randomUUID } from "node:crypto";

/** Events as the benchmarks hand them in, by which of their consumers gets them. */

const distribution = (n: number) => ({
  distribution_id: `dist_${(n % 100).toString(16).padStart(16, "0")}`,
  slug: `bench-course-${n % 100}`,
});
const at = () => new Date().toISOString();

export interface BenchEvent {
  readonly type: string;
  readonly source: string;
  readonly payload: object;
}

export const makers = {
  /** `bench_set`: a set-based handler. */
  viewed: (n: number) => ({
    type: "distribution.viewed",
    source: "bench",
    payload: { ...distribution(n), view_count: n, viewed_at: at(), referrer_category: null },
  }),
  /** `bench_each`: one insert per event, in lanes. */
  clicked: (n: number) => ({
    type: "distribution.enrollment_clicked",
    source: "bench",
    payload: { ...distribution(n), enrollment_count: n, clicked_at: at(), cta_type: "primary_button" },
  }),
  /** `bench_sql`: one insert per event, by statements alone. */
  unpublished: (n: number) => ({
    type: "distribution.unpublished",
    source: "bench",
    payload: { ...distribution(n), unpublished_at: at(), reason: null },
  }),
  /** `bench_sql_batch`: a set-based handler, by statements alone. */
  niche: (n: number) => ({
    type: "distribution.micro_niche_created",
    source: "bench",
    payload: {
      child_distribution_id: distribution(n).distribution_id,
      parent_distribution_id: distribution(n + 1).distribution_id,
      parent_slug: distribution(n + 1).slug,
      child_slug: distribution(n).slug,
      target_group_override: [],
      title_override: "Keeping bees on the balcony",
      created_at: at(),
    },
  }),
  /** `bench_latency`: one insert, with the time. */
  bumped: (n: number) => ({
    type: "distribution.version_bumped",
    source: "bench",
    payload: { ...distribution(n), old_version: "v1", new_version: "v2", bumped_at: at(), changelog: null },
  }),
  /** Nobody consumes it: ingest and relay alone. */
  deleted: (n: number) => ({
    type: "distribution.deleted",
    source: "bench",
    payload: { ...distribution(n), course_id: randomUUID(), deleted_at: at(), deleted_by: null },
  }),
} satisfies Record<string, (n: number) => BenchEvent>;

/** `size` of them as the body of one request. */
export function batchBody(make: (n: number) => BenchEvent, size: number, from = 0): string {
  return JSON.stringify(Array.from({ length: size }, (_, n) => make(from + n)));
}
