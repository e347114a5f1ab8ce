import type { Visit } from "../page.ts";
import { settingsWords } from "../words/settings.ts";

const parts = [
  { name: "configured", path: "/settings" },
  { name: "keys", path: "/settings/keys" },
  { name: "sessions", path: "/settings/sessions" },
  { name: "tenants", path: "/settings/tenants" },
  { name: "webhooks", path: "/settings/webhooks" },
] as const;

export type SettingsPart = (typeof parts)[number]["name"];

/** Whether the caller may see it; what may not be seen is not offered. */
function maySee(visit: Visit, part: SettingsPart): boolean {
  switch (part) {
    case "configured":
      return true;
    case "keys":
    case "sessions":
      return visit.can("admin");
    case "tenants":
      return visit.isForAllTenants && visit.can("operations:read");
    case "webhooks":
      return visit.can("webhooks:read");
  }
}

/** The parts of the settings, above each. */
export function SettingsMenu({ visit, at }: { readonly visit: Visit; readonly at: SettingsPart }) {
  const w = visit.words(settingsWords);
  return (
    <>
      <h1>{at === "configured" ? w.title : w[at]}</h1>
      <nav class="tabs" aria-label={w.parts}>
        {parts
          .filter(({ name }) => maySee(visit, name))
          .map(({ name, path }) => (
            <a href={visit.href(path)} aria-current={name === at ? "page" : undefined}>
              {w[name]}
            </a>
          ))}
      </nav>
    </>
  );
}
