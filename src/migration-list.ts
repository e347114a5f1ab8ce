import type { MigrationSet } from "@brain/engine";

/** Generated from `migrations/` by `npm run generate`. The migrations that the modules need, noted where drizzle does. */
export const productMigrations: MigrationSet = {
  owner: null,
  journal: { schema: "drizzle", table: "__drizzle_migrations" },
  migrations: [
    { tag: "0000_init", when: 1_795_245_495_655 },
    { tag: "0002_course_business", when: 1_795_264_224_186 },
    { tag: "0003_work_modules", when: 1_795_273_257_309 },
    { tag: "0005_provider_facts", when: 1_795_655_794_339 },
    { tag: "0011_public_counts", when: 1_795_658_901_288 },
    { tag: "0012_course_access_subscriber", when: 1_795_662_181_091 },
    { tag: "0014_course_access_rules", when: 1_795_666_783_005 },
    { tag: "0015_public_outlines", when: 1_795_667_157_472 },
    { tag: "0016_refunds_due", when: 1_795_668_915_683 },
    { tag: "0017_staged_pages", when: 1_795_669_976_567 },
    { tag: "0019_delivery_payments", when: 1_795_672_560_472 },
    { tag: "0020_identity_keys", when: 1_795_700_131_120 },
    { tag: "0021_identity_sessions", when: 1_795_701_131_686 },
    { tag: "0022_module_tenants", when: 1_795_704_975_524 },
    { tag: "0023_webhooks", when: 1_795_706_172_642 },
    { tag: "0024_identity_signing_keys", when: 1_795_706_819_049 },
    { tag: "0025_module_tenant_rows", when: 1_795_711_978_177 },
    { tag: "0026_analytics", when: 1_795_713_867_864 },
    { tag: "0027_alert_messages", when: 1_795_715_278_170 },
    { tag: "0028_refund_approval", when: 1_795_715_684_852 },
    { tag: "0029_security_signs", when: 1_795_716_500_460 },
    { tag: "0030_webhook_entries", when: 1_795_724_989_284 },
    { tag: "0031_mission_quota", when: 1_795_725_210_272 },
    { tag: "0032_approvals_end", when: 1_795_727_403_264 },
    { tag: "0033_session_families", when: 1_795_824_302_177 },
  ],
};
