import * as z from "zod";
import { requires } from "../../http/kit/access.ts";
import { validated } from "../../http/kit/routing.ts";
import { deprecatedInQuery } from "../../http/kit/secret-in-query.ts";
import { writtenUuid } from "../../http/kit/written-uuid.ts";

/** What routes of this module ask of their callers and paths. */

export const mayRead = requires("course_factory:read", "own_tenant");
export const mayWrite = requires("course_factory:write", "own_tenant");

export const courseParam = z.strictObject({ course_id: writtenUuid });
export const lessonParam = z.strictObject({ course_id: writtenUuid, lesson_id: writtenUuid });

/** Copied into events, so it is an id: names and e-mail addresses are personal data. */
export const actorId = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._:-]{0,99}$/,
    "expected an id of letters, digits and . _ : -, at most 100 characters",
  );

/** Query parameters are text; a body has real booleans. Left out: false. */
export const flag = z
  .union([z.boolean(), z.enum(["true", "false"]).transform((value) => value === "true")])
  .default(false);

/** Secret: checked by the gate, and neither stored nor published here. */
export const approvalToken = z
  .string()
  .min(1)
  .max(200)
  .regex(/^[A-Za-z0-9_-]+$/, "expected the token as POST /api/ir/approvals answered it");

const approvalHeader = z.object({ "x-approval-token": approvalToken.optional() });

/** Where a token may come from: the header, the body, and the query of older callers. */
export const takesToken = [deprecatedInQuery("approval_token"), validated("header", approvalHeader)] as const;
export const tokenHeader = "x-approval-token";
