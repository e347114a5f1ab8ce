/** Names of the audiences that the charter knows, as they stand in a sentence of the language. */
const names = {
  de: {
    private_individuals: "Privatpersonen",
    employees: "Angestellte",
    career_starters: "Menschen am Anfang ihres Berufslebens",
    sme_entrepreneurs: "Inhaberinnen und Inhaber kleiner Unternehmen",
    retirees: "Menschen im Ruhestand",
    self_employed: "Selbstständige",
    students: "Studierende",
    parents: "Eltern",
    migrants_expats: "Zugewanderte und Expats",
  },
  en: {
    private_individuals: "private individuals",
    employees: "employees",
    career_starters: "people at the start of their career",
    sme_entrepreneurs: "owners of small businesses",
    retirees: "retired people",
    self_employed: "self-employed people",
    students: "students",
    parents: "parents",
    migrants_expats: "migrants and expats",
  },
  fr: {
    private_individuals: "les particuliers",
    employees: "les salariés",
    career_starters: "les personnes en début de carrière",
    sme_entrepreneurs: "les dirigeants de petites entreprises",
    retirees: "les retraités",
    self_employed: "les indépendants",
    students: "les étudiants",
    parents: "les parents",
    migrants_expats: "les personnes immigrées et expatriées",
  },
  es: {
    private_individuals: "particulares",
    employees: "personas empleadas",
    career_starters: "personas que empiezan su vida laboral",
    sme_entrepreneurs: "propietarios de pequeñas empresas",
    retirees: "personas jubiladas",
    self_employed: "personas autónomas",
    students: "estudiantes",
    parents: "madres y padres",
    migrants_expats: "personas migrantes y expatriadas",
  },
} as const;

type AudienceLanguage = keyof typeof names;
export type KnownAudience = keyof (typeof names)["en"];

/** The name of an audience within a sentence. */
export function audienceName(language: AudienceLanguage, audience: KnownAudience): string {
  return names[language][audience];
}

/**
 * The name of an audience as a line of its own. What an operator wrote by hand is no value of the charter and stays as
 * it is.
 */
export function audienceLine(language: string, audience: string): string {
  const known = Object.hasOwn(names, language.slice(0, 2))
    ? names[language.slice(0, 2) as AudienceLanguage]
    : names.en;
  if (!Object.hasOwn(known, audience)) return audience;
  const name = known[audience as KnownAudience];
  return name.charAt(0).toLocaleUpperCase(language) + name.slice(1);
}
