/** The little world as data: three schools, what they teach, and who works there. Nobody in it is a real person. */

export interface DemoCourse {
  /** Name of the course within the demo, and end of its story's correlation id. */
  readonly name: string;
  readonly tenant: string;
  readonly language: "de" | "en" | "fr" | "es";
  readonly title: string;
  readonly description: string;
  readonly audience: string;
  /** Null: everybody may learn it. */
  readonly price: { readonly cents: number; readonly currency: string } | null;
  /** How many people look at it on a day, about. */
  readonly views: number;
}

export const courses: readonly DemoCourse[] = [
  {
    name: "fahrrad",
    tenant: "pedale",
    language: "de",
    title: "Das eigene Fahrrad reparieren",
    description: "Reifen flicken, Bremsen einstellen und die Kette pflegen, mit Werkzeug aus dem Baumarkt.",
    audience: "private_individuals",
    price: { cents: 2_900, currency: "EUR" },
    views: 60,
  },
  {
    name: "bicycle",
    tenant: "pedale",
    language: "en",
    title: "Repairing your own bicycle",
    description: "Flat tyres, brakes and chains, with tools from any hardware store.",
    audience: "private_individuals",
    price: { cents: 3_200, currency: "USD" },
    views: 85,
  },
  {
    name: "couture",
    tenant: "atelier",
    language: "fr",
    title: "Réparer ses vêtements soi-même",
    description: "Coudre un bouton, raccourcir un pantalon et reprendre un accroc sans machine.",
    audience: "private_individuals",
    price: { cents: 1_900, currency: "EUR" },
    views: 40,
  },
  {
    name: "salaire",
    tenant: "atelier",
    language: "fr",
    title: "Comprendre sa fiche de salaire",
    description: "Brut, net, cotisations: ce que dit chaque ligne, et ce qu'il faut vérifier.",
    audience: "employees",
    price: { cents: 3_900, currency: "CHF" },
    views: 25,
  },
  {
    name: "verduras",
    tenant: "atelier",
    language: "es",
    title: "Cocinar con verduras de temporada",
    description: "Qué comprar cada mes, cómo guardarlo y doce platos sencillos.",
    audience: "parents",
    price: null,
    views: 70,
  },
  {
    name: "bees",
    tenant: "werkstatt",
    language: "en",
    title: "Keeping bees on a balcony",
    description: "What the first year with one colony asks of you, month by month.",
    audience: "retirees",
    price: { cents: 3_500, currency: "GBP" },
    views: 30,
  },
  {
    name: "schweissen",
    tenant: "werkstatt",
    language: "de",
    title: "Sicher schweißen in der kleinen Werkstatt",
    description: "Schutzkleidung, Lüftung und die ersten sauberen Nähte.",
    audience: "self_employed",
    price: { cents: 14_900, currency: "EUR" },
    views: 20,
  },
];

/** The course of the long story: its plan touches production, so a person has to approve it. */
export const lineCourse = {
  name: "line",
  tenant: "werkstatt",
  language: "en",
  title: "Running a live production line",
  description: "What a shift leader needs to know about a line that never stops.",
  audience: "employees",
  price: { cents: 24_900, currency: "EUR" },
  views: 0,
} as const satisfies DemoCourse;

/** The same course as somebody wants it next: another plan, which nobody has let pass yet. */
export const changedLine = {
  description: "The second edition: with the night shift, and twice as many lessons written out.",
  full_lessons_count: 6,
} as const;

export const agents = [
  { id: "translator-1", tenant: "atelier", done: 118, failed: 2 },
  { id: "proofreader-1", tenant: "atelier", done: 240, failed: 0 },
  { id: "cutter-2", tenant: "pedale", done: 36, failed: 5 },
] as const;

export const tasks = [
  {
    name: "photos",
    tenant: "pedale",
    title: "Take new photos of the chain tool",
    priority: "P2",
    end: "done",
  },
  { name: "price", tenant: "pedale", title: "Check the price in US dollars", priority: "P1", end: "begun" },
  {
    name: "glossaire",
    tenant: "atelier",
    title: "Compléter le glossaire de couture",
    priority: "P3",
    end: "open",
  },
  { name: "recetas", tenant: "atelier", title: "Revisar las recetas de otoño", priority: "P2", end: "done" },
  {
    name: "helm",
    tenant: "werkstatt",
    title: "Foto vom Schweißhelm austauschen",
    priority: "P2",
    end: "begun",
  },
  {
    name: "honey",
    tenant: "werkstatt",
    title: "Ask the beekeeper about chapter three",
    priority: "P1",
    end: "open",
  },
  {
    name: "old",
    tenant: "werkstatt",
    title: "Print the leaflet for the fair",
    priority: "P3",
    end: "dropped",
  },
] as const;

/** What each day of the week before brings, against an ordinary one. */
export const week = [0.7, 0.8, 1, 1.1, 1.4, 1.7, 1.2] as const;
