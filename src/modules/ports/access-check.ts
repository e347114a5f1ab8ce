import { definePort } from "@brain/engine";
import type { Reader } from "../reader.ts";

/*
 * Whether somebody may learn a paid course, as a port: who keeps courses asks it, who keeps accesses answers, and the
 * composition root connects the two. It reads what is committed, so a payment counts as soon as its access is granted.
 */
export interface AccessCheck {
  /**
   * True when the user has active access to the course: one that its own tenant gave, or one of no tenant. What another
   * tenant gives opens nothing here. Throws rather than guesses.
   */
  hasAccess(
    read: Reader,
    course: { readonly courseId: string; readonly tenantId: string },
    userId: string,
  ): Promise<boolean>;
}

export const accessCheckPort = definePort<AccessCheck>("access_check");
