import { describe, expect, test } from "vitest";
import { shownOutline } from "../courses/courses.ts";
import { courseMetadata, languages } from "./model.ts";
import { templateGenerator } from "./template-generator.ts";
import { readTone, tones } from "./tone.ts";

async function outlineIn(language: (typeof languages)[number]) {
  const brief = {
    course_id: "6f1f9f4e-2b47-4d0c-9a5e-0d7c3f1b2a10",
    created_at: "2026-11-21T10:00:00.000Z",
    request: {
      tenant_id: "tenant-a",
      title: "A course for the tone",
      description: "Words of one language.",
      language,
      target_audiences: ["students" as const],
      full_lessons_count: 1,
      generate_quiz: true,
      generate_landing_page: true,
      deploy_to_staging: false,
      dry_run: true,
    },
  };
  return (await templateGenerator.outline(brief, null)).outline;
}

describe("the tone of a course", () => {
  test.each([
    ["de", "sachlich"],
    ["en", "factual"],
    ["fr", "factuel"],
    ["es", "objetivo"],
  ] as const)(
    "is shown in the language of the course (%s), and stored as the charter calls it",
    async (language, word) => {
      const outline = await outlineIn(language);
      expect(outline.metadata.tone).toBe("sachlich");
      expect(shownOutline(outline).metadata.tone).toBe(word);
    },
  );

  test("is understood in every language, so that an outline can be sent back as it was shown", async () => {
    for (const language of languages) {
      const outline = await outlineIn(language);
      for (const tone of tones) {
        const stored = { ...outline.metadata, tone };
        const { metadata } = shownOutline({ ...outline, metadata: stored });
        expect(courseMetadata.parse(metadata)).toEqual(stored);
      }
    }
    expect(readTone("professiona")).toBe("professional");
    expect(courseMetadata.safeParse({ ...(await outlineIn("en")).metadata, tone: "loud" }).success).toBe(
      false,
    );
  });
});
