import { calledUrl } from "@brain/engine";
import * as z from "zod";
import type { ClaimMapping } from "./claims.ts";
import { jsonListSetting } from "./json-setting.ts";
import { role, scope, scopesOf, tenantId } from "./model.ts";

/*
 * The issuers whose tokens are believed, as the settings name them. What is not set has a default, except for the
 * tenant whose rows a token reaches: a wrong guess would show them to everybody.
 */

/** Signatures that can be checked with a public key: whoever checks cannot sign. */
const algorithms = [
  "RS256",
  "RS384",
  "RS512",
  "PS256",
  "PS384",
  "PS512",
  "ES256",
  "ES384",
  "ES512",
  "EdDSA",
  "Ed25519",
] as const;

/** An issuer as it is used. */
export interface TrustedIssuer extends ClaimMapping {
  /** `iss` of its tokens, to the letter. */
  readonly issuer: string;
  /** One of them must be in `aud`. */
  readonly audiences: readonly string[];
  readonly algorithms: readonly string[];
  /** Null: its discovery document says where its keys are. */
  readonly jwksUrl: string | null;
  /** Lower case; `authorization`: as a bearer token. */
  readonly header: string;
  /** `typ` of its tokens, e.g. `at+jwt`; null: any. */
  readonly type: string | null;
  readonly clockToleranceSeconds: number;
  readonly maxAgeSeconds: number;
}

interface Preset {
  readonly algorithms: readonly (typeof algorithms)[number][];
  readonly header: string;
  readonly subjectClaims: readonly string[];
  /** Where below the issuer the keys are; null: by discovery. */
  readonly jwksPath: string | null;
}

const presets = {
  oidc: { algorithms: ["RS256"], header: "authorization", subjectClaims: ["sub"], jwksPath: null },
  /** https://developers.cloudflare.com/cloudflare-one/identity/authorization-cookie/application-token/ */
  cloudflare_access: {
    algorithms: ["RS256"],
    header: "cf-access-jwt-assertion",
    // Tokens of services have an empty `sub` and the id of the client as their common name.
    subjectClaims: ["sub", "common_name"],
    jwksPath: "/cdn-cgi/access/certs",
  },
} as const satisfies Readonly<Record<string, Preset>>;

const claimName = z.string().min(1).max(200);
const claimPath = z.union([claimName.transform((name) => [name]), z.array(claimName).min(1).max(8)], {
  error: 'expected the name of a claim, or a list of names from the outside in: ["realm_access", "roles"]',
});

const grant = z
  .strictObject({
    claim: claimPath.optional(),
    value: z.string().min(1).max(500).optional(),
    /** For a claim that is a list in one text, as `scope` is: `" "`. */
    separated_by: z.string().length(1).optional(),
    roles: z.array(role).min(1).max(10).optional(),
    scopes: z.array(scope).min(1).max(50).optional(),
  })
  .superRefine((given, context) => {
    const issue = (path: string, message: string) =>
      context.addIssue({ code: "custom", path: [path], message });
    if ((given.claim === undefined) !== (given.value === undefined))
      issue("claim", "expected claim and value, or neither for every token of the issuer");
    if (given.separated_by !== undefined && given.claim === undefined)
      issue("separated_by", "expected a claim that it separates");
    if (given.roles === undefined && given.scopes === undefined)
      issue("roles", "expected roles, scopes, or both: a grant of nothing is none");
  })
  .transform((given) => ({
    when:
      given.claim === undefined || given.value === undefined
        ? null
        : { claim: given.claim, value: given.value, separator: given.separated_by ?? null },
    scopes: scopesOf(given),
  }));

const tenant = z
  .union([z.literal("all"), z.strictObject({ fixed: tenantId }), z.strictObject({ claim: claimPath })], {
    error: 'expected "all", { "fixed": "<tenant>" } or { "claim": "<claim with the tenant>" }',
  })
  .transform((given) => {
    if (given === "all") return { kind: "all" as const };
    return "fixed" in given
      ? { kind: "fixed" as const, tenantId: given.fixed }
      : { kind: "claim" as const, claim: given.claim };
  });

const audience = z.string().min(1).max(500);

const issuer = z
  .strictObject({
    name: z
      .string()
      .regex(
        /^[a-z][a-z0-9_-]{0,23}$/,
        "expected 1 to 24 lower-case letters, digits, _ and -, a letter first",
      ),
    preset: z.enum(["oidc", "cloudflare_access"]).default("oidc"),
    issuer: calledUrl.max(500),
    audience: z.union([audience.transform((one) => [one]), z.array(audience).min(1).max(20)], {
      error: "expected the audience of the tokens, or a list of them",
    }),
    algorithms: z
      .array(
        z.enum(algorithms, {
          error: `expected ${algorithms.join(", ")}; with "none" anybody could sign, with HS… everybody who checks`,
        }),
      )
      .min(1)
      .optional(),
    jwks_url: calledUrl.max(1_000).optional(),
    header: z
      .string()
      .regex(/^[a-z][a-z0-9-]{0,60}$/, "expected the name of a header in lower case")
      .optional(),
    type: z.string().min(1).max(100).optional(),
    subject_claims: z
      .array(z.string().regex(/^[A-Za-z][A-Za-z0-9_]{0,19}$/, "expected the name of a claim"))
      .min(1)
      .max(3)
      .optional(),
    name_claim: claimPath.optional(),
    tenant,
    grants: z.array(grant).min(1).max(100),
    clock_tolerance_seconds: z.number().int().min(0).max(120).default(30),
    max_age_seconds: z.number().int().min(60).max(2_678_400).default(86_400),
  })
  .transform((given): TrustedIssuer => {
    const preset: Preset = presets[given.preset];
    const base = given.issuer.replace(/\/$/, "");
    return {
      name: given.name,
      issuer: given.issuer,
      audiences: given.audience,
      algorithms: given.algorithms ?? preset.algorithms,
      jwksUrl: given.jwks_url ?? (preset.jwksPath === null ? null : `${base}${preset.jwksPath}`),
      header: given.header ?? preset.header,
      type: given.type ?? null,
      subjects: given.subject_claims ?? preset.subjectClaims,
      displayName: given.name_claim ?? null,
      tenant: given.tenant,
      grants: given.grants,
      clockToleranceSeconds: given.clock_tolerance_seconds,
      maxAgeSeconds: given.max_age_seconds,
    };
  });

/** A token must have one reading: which issuer it is of, and so what is granted to it. */
function requireOneReading(issuers: readonly TrustedIssuer[], context: z.RefinementCtx): void {
  const issue = (place: number, field: string, message: string) =>
    context.addIssue({ code: "custom", path: [place, field], message });
  for (const [place, one] of issuers.entries()) {
    const before = issuers.slice(0, place);
    if (before.some(({ name }) => name === one.name)) issue(place, "name", `"${one.name}" is there already`);
    const twin = before.find(
      (other) =>
        other.issuer === one.issuer &&
        other.header === one.header &&
        other.audiences.some((audience) => one.audiences.includes(audience)),
    );
    if (twin !== undefined)
      issue(place, "audience", `expected another one than "${twin.name}" has, which is of the same issuer`);
  }
}

/** A list of issuers in JSON. */
export const issuersSetting = jsonListSetting.pipe(
  z.array(issuer, { error: "expected a list of issuers" }).max(20).superRefine(requireOneReading),
);
