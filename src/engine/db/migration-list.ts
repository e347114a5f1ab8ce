import type { Migration } from "../core/schema-state.ts";

/** Generated from `src/engine/migrations/` by `npm run generate`. The migrations that the engine needs, the oldest first. */
export const migrations: readonly Migration[] = [
  { tag: "0000_init", when: 1_795_245_495_655 },
  { tag: "0001_operations", when: 1_795_250_500_512 },
  { tag: "0002_course_business", when: 1_795_264_224_186 },
  { tag: "0004_claims_and_dead_letters", when: 1_795_654_769_391 },
  { tag: "0006_stream_ids", when: 1_795_656_801_062 },
  { tag: "0007_claims_compared", when: 1_795_656_829_854 },
  { tag: "0008_idempotency_commits", when: 1_795_657_686_924 },
  { tag: "0009_failing_work", when: 1_795_658_186_527 },
  { tag: "0010_relay_batches", when: 1_795_658_389_039 },
  { tag: "0013_relay_id_lanes", when: 1_795_665_768_349 },
  { tag: "0018_event_origins", when: 1_795_670_553_546 },
  { tag: "0020_record_growth", when: 1_795_689_560_834 },
  { tag: "0021_relay_functions", when: 1_795_700_504_068 },
  { tag: "0022_tenant_rows", when: 1_795_704_682_253 },
  { tag: "0023_fair_tenants", when: 1_795_706_094_955 },
  { tag: "0024_alert_model", when: 1_795_711_606_715 },
  { tag: "0025_audit_log", when: 1_795_713_496_723 },
  { tag: "0026_tenant_quotas", when: 1_795_714_253_987 },
  { tag: "0027_alert_watches", when: 1_795_714_518_496 },
  { tag: "0028_subject_keys", when: 1_795_715_811_447 },
  { tag: "0029_tenant_order", when: 1_795_718_188_360 },
  { tag: "0030_audit_by_request", when: 1_795_723_202_423 },
  { tag: "0031_claim_function", when: 1_795_746_830_450 },
  { tag: "0032_append_only_events", when: 1_795_748_809_972 },
];
