/** What a plan may ask for, and whom. Anything else is a violation. */

/** Tier of an action by itself, before its scope and its impact are looked at. */
export type Tier = 0 | 1 | 2 | 3;

/**
 * 0: reads, or writes that are undone easily. 1: development or staging. 2: names, zones and installed modules, which
 * others depend on. 3: destroys.
 */
export const actionTiers = {
  "deploy.website": 1,
  "deploy.api": 1,
  "deploy.database": 1,
  "dns.update_records": 2,
  "dns.create_zone": 2,
  "dns.delete_zone": 3,
  "odoo.install_module": 2,
  "odoo.uninstall_module": 3,
  "odoo.update_module": 1,
  "odoo.create_record": 0,
  "odoo.update_record": 0,
  "odoo.delete_record": 3,
  "webgen.generate_site": 1,
  "webgen.update_content": 1,
  "webgenesis.site.create": 1,
  "webgenesis.site.update": 1,
  "webgenesis.deploy.trigger": 1,
  "webgenesis.bind_theme": 1,
  "webgenesis.build_sections": 1,
  "webgenesis.apply_seo": 1,
  "webgenesis.preview": 1,
  "course.create": 0,
  "course.generate_outline": 0,
  "course.generate_lessons": 0,
  "course.generate_quiz": 0,
  "course.generate_landing": 0,
  "course.deploy_staging": 1,
  "course.enhance_examples": 0,
  "course.enhance_summaries": 0,
  "course.generate_flashcards": 0,
  "course.workflow_transition": 0,
  "infra.provision": 1,
  "infra.destroy": 3,
  "infra.scale": 1,
} as const satisfies Readonly<Record<string, Tier>>;

export type Action = keyof typeof actionTiers;

export function isAction(name: string): name is Action {
  return Object.hasOwn(actionTiers, name);
}

export const providers = [
  "deploy.provider_v1",
  "deploy.docker",
  "deploy.kubernetes",
  "dns.hetzner",
  "dns.cloudflare",
  "dns.route53",
  "odoo.v16",
  "odoo.v17",
  "webgen.v1",
  "webgenesis.v1",
  "course_factory.v1",
  "infra.terraform",
  "infra.ansible",
] as const;

const providerNames: ReadonlySet<string> = new Set(providers);

export function isProvider(name: string): boolean {
  return providerNames.has(name);
}
