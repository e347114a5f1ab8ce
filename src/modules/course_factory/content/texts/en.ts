import { bankingEn } from "./en-banking.ts";
import { genericEn } from "./en-generic.ts";
import type { LanguageTexts } from "./language.ts";

export const en: LanguageTexts = {
  headings: {
    overview: "Overview",
    objectives: "Learning objectives",
    introduction: "Introduction",
    main: "Main part",
    examples: "Examples",
    summary: "Summary",
    resources: "Resources",
    disclaimer: "Disclaimer",
  },
  overview:
    "Lesson {number} of {lessons} in the course “{course}”, module “{module}”. Time needed: about {minutes} minutes. {about}",
  objectivesLead: "After this lesson you will be able to:",
  introductions: [
    "What is the course about? “{excerpt}” This lesson picks out one part of it: {lesson}. Read the text once without taking notes and simply watch for what you already know. On the second reading, mark the places that contradict your experience so far. Those are the places where thinking pays off most.",
    "Before you read on, take two minutes: what comes to mind when you hear “{lesson}”, and which question would you like to have answered? Write both down in one sentence. The concern of the course is this: “{excerpt}” Your own question gives you something to measure the material against, instead of merely taking note of it.",
    "The lessons before this one prepared the ground, and now another building block is added: {lesson}. Keep the concern of the course in view: “{excerpt}” You do not have to learn anything by heart. What matters more is that at the end you can explain in your own words why this section is relevant to your situation.",
  ],
  methods: [
    {
      lead: "How to become familiar with the material:",
      steps: [
        "Write down three terms from this section and explain each of them in a single sentence, as you would to a friend.",
        "For each term, find one example from your everyday life and one counterexample that does not belong to it.",
        "Draw on a sheet of paper how the terms are connected; arrows and keywords are enough.",
        "Check the next day what you still know without your notes, and reread only the gaps.",
      ],
    },
    {
      lead: "How to work step by step:",
      steps: [
        "First describe the starting point in numbers or observable facts, without judging it.",
        "Decide how you will recognise that a step has succeeded before you begin it.",
        "Try the approach on a small case that is easy to undo.",
        "Record the result in writing, and only then decide on the next step.",
      ],
    },
    {
      lead: "How to put what you have learned into practice:",
      steps: [
        "Choose a project you can finish within a week, and give it a fixed date.",
        "Break it into tasks of at most one hour and begin with the least pleasant one.",
        "Agree with a second person on when you will report your progress to them.",
        "Look back after finishing: what will you keep, what will you drop, and what will you try differently?",
      ],
    },
    {
      lead: "How to deepen what you can do:",
      steps: [
        "Compare your result with the goal you set at the beginning, and name the largest difference.",
        "Ask someone with another point of view for an honest opinion, and listen without defending yourself.",
        "Improve exactly one spot and measure whether anything changes as a result.",
        "Pass your knowledge on; people who explain something notice their own gaps soonest.",
      ],
    },
  ],
  correction:
    "A widespread mistake goes like this: “{myth}” It sounds plausible, but it does not survive a closer look. What is true instead: {insight} In conversations and texts, notice how often you meet the first version, and consider each time what would follow if people acted on it.",
  examplesLead: "The following situations are invented, but they could well happen like this.",
  summaryLead: "The essentials in brief:",
  summaryClose:
    "If you take only one thought away from “{lesson}”, let it be the first one. The other points help you to apply it.",
  resources: [
    "Your local library or adult education centre: ask specifically for recent introductions to “{topic}”.",
    "Public and non-profit advice services, such as consumer organisations, which inform independently of sales interests.",
    "Your own learning journal: note date, question, answer and source, so that you can later trace what your knowledge rests on.",
  ],
  disclaimer:
    "This course is for education and gives a general overview. It does not replace legal, tax, financial or other professional advice in an individual case, and it recommends no particular products or providers. Check important statements against current sources before you make a decision.",
  placeholder:
    "The text of the lesson “{lesson}” is not available yet. An introduction, the most important terms, examples and a summary are planned. {about}",
  plannedPoints: [
    "Introduction: why “{lesson}” matters",
    "Concepts and how they are connected",
    "Examples from everyday life",
    "Summary and next steps",
  ],
  quiz: {
    title: "Quiz: {course}",
    description:
      "Check what you have learned in the course “{topic}”. Exactly one answer is right for each question.",
    statement: "“{topic}”, lesson “{lesson}”: which statement is right?",
    statementExplanation: "{insight} The lesson “{lesson}” covers this.",
    place: "Which module of the course “{topic}” contains the lesson “{lesson}”?",
    placeExplanation: "The lesson “{lesson}” belongs to the module “{module}”.",
  },
  landing: {
    subtitle: "{excerpt} A course in {modules} modules with {lessons} lessons.",
    callToAction: "Start the course now",
    value:
      "{excerpt} In {modules} modules and {lessons} lessons, the course “{topic}” leads you from the basics to a plan of your own: easy to follow, factual and with nothing to sell. You learn at your own pace and practise on cases from everyday life.",
    forWhomTitle: "Who is this course for?",
    forWhomAudience: "For {audience} who are dealing with “{topic}”",
    forWhomGeneral: [
      "For everyone who wants to start without prior knowledge and proceed step by step",
      "For everyone who wants to form a well-founded opinion of their own",
    ],
    notForWhomTitle: "Who is this course not for?",
    notForWhomPoints: [
      "People looking for binding advice on their individual case",
      "People who expect ready-made recipes without thinking for themselves",
      "People who already teach this field professionally",
    ],
    structureTitle: "How the course is structured",
    structureFeature: "{modules} modules with {lessons} lessons, about {minutes} minutes in total",
    quizFeature: "Final quiz with an explanation for every answer",
    features: [
      "Clear learning objectives for every lesson",
      "Examples from the everyday life of the audience",
      "Neutral: no advertising and no product recommendations",
    ],
    featuresTitle: "What to expect",
    valueTitle: "What the course gives you",
  },
  audiences: {
    private_individuals: {
      example:
        "Ms Baker runs her household alongside her job and has little time. She sets aside two evenings for “{lesson}”, writes down three open questions, and answers the first one before she decides anything at all.",
    },
    employees: {
      example:
        "Mr Demir works in an office and has been asked to brief his team on “{lesson}”. He gathers facts from two independent sources, puts them side by side on one page, and asks a colleague to disagree with him.",
    },
    career_starters: {
      example:
        "Lena has just finished her training and hears well-meant advice from all sides. With “{lesson}” she checks which advice fits her situation, and postpones everything she cannot yet give a reason for.",
    },
    sme_entrepreneurs: {
      example:
        "A joinery with eight employees wants to change the way it works. The owner applies “{lesson}” to a single order, measures time and cost, and decides after four weeks whether the whole business should follow.",
    },
    retirees: {
      example:
        "Mr Novak is retired and likes to learn without hurry. He discusses “{lesson}” with his neighbour, compares both points of view, and writes to his granddaughter about what he takes away from it.",
    },
    self_employed: {
      example:
        "A freelance translator has a changing income and little time in reserve. She tries “{lesson}” on her next project, limits the effort to half a day, and takes stock afterwards.",
    },
    students: {
      example:
        "A study group divides “{lesson}” among its members: each person explains one section to the others. Wherever an explanation falters, they look it up together and note the source.",
    },
    parents: {
      example:
        "Two parents want to explain “{lesson}” to their children. They agree on an example from family life, present it at dinner, and collect the questions that remain open.",
    },
    migrants_expats: {
      example:
        "Ms Okafor has lived in the country for a year and grew up with different rules. For “{lesson}” she compares what is different here, and asks an advice centre before she signs anything.",
    },
  },
  generic: genericEn,
  banking: bankingEn,
};
