import type { CourseSubject } from "./language.ts";

/** Outline for any subject: from first terms to a plan of one's own. */
export const genericEn: CourseSubject = [
  {
    title: "Foundations: {topic}",
    description: "Terms, connections and widespread mistakes: the ground on which everything else is built.",
    lessons: [
      {
        title: "Terms and context",
        about: "You clarify the most important terms and place the subject in your everyday life.",
        objectives: [
          "explain the most important terms in your own words",
          "tell the subject from neighbouring ones",
        ],
        body: "People who talk about “{topic}” often mean different things. Some think of rules, others of tools, and still others of experience. That is why every thorough study begins by asking what exactly is meant, what is deliberately left out, and who is affected. A good definition is short, comes with an example, and can be checked when in doubt.",
        insight: "Clear terms prevent misunderstandings before they arise.",
        myth: "Terms need no clarification because everyone means the same by them anyway.",
      },
      {
        title: "How things are connected",
        about: "You recognise causes, effects and interactions, and present them clearly.",
        objectives: ["tell a cause from a mere sequence in time", "show interactions in a sketch"],
        body: "With “{topic}”, several circumstances usually act at once. The fact that two things occur together does not prove that one causes the other; both may go back to a third. So ask about the path of the effect: what would have to happen for one to follow from the other, and how could that be observed?",
        insight: "Two things occurring together does not prove that one causes the other.",
        myth: "If two things occur together, one is always the cause of the other.",
      },
      {
        title: "Widespread mistakes",
        about: "You get to know typical false assumptions and test your own beliefs.",
        objectives: ["name typical false assumptions", "test a belief of your own against facts"],
        body: "Mistakes about “{topic}” persist because they are simple and often repeated. Familiarity feels like truth. An effective remedy is to look deliberately for cases that contradict your own opinion. If none turn up although you searched honestly, the opinion gains weight; if some do, it becomes more precise.",
        insight: "Looking for counterexamples tests a belief better than collecting confirmations.",
        myth: "Whatever you have heard often enough must be true.",
      },
    ],
  },
  {
    title: "Methods: {topic}",
    description: "An orderly approach, reliable information and well-founded decisions.",
    lessons: [
      {
        title: "Working to a plan",
        about: "You break a project into steps and define how you will recognise progress.",
        objectives: ["state a goal that can be checked", "break a project into steps"],
        body: "A goal concerning “{topic}” only serves as a guide if you can tell whether it has been reached. “Know more” is not enough; “answer three questions without help” can be checked. The steps follow backwards from the goal: what must have happened just before it, and what before that? The result is a plan that begins today.",
        insight: "A good goal is stated so that reaching it can be checked.",
        myth: "The vaguer a goal is, the easier it is to reach.",
      },
      {
        title: "Finding and checking information",
        about: "You judge how reliable a source is and compare several with each other.",
        objectives: ["judge how reliable a source is", "check a statement against a second source"],
        body: "There is more material on “{topic}” than anyone can read, so selection is decisive. Ask of every source who wrote it, for what purpose, when, and what it is based on. A statement found in two independent sources is worth more than ten repetitions of the same report. Note the date as well, because even correct statements go out of date.",
        insight: "Two independent sources count for more than many repetitions of one source.",
        myth: "The more often a statement has been copied, the more reliable it is.",
      },
      {
        title: "Comparing options",
        about: "You set options side by side by fixed criteria and give reasons for your choice.",
        objectives: ["define criteria for a comparison", "justify a choice so that others can follow it"],
        body: "Anyone who has to choose in matters of “{topic}” should fix the criteria before looking at the options. Otherwise the yardstick quietly adapts to what one likes anyway. A simple table will do: rows for the options, columns for benefit, effort, risk and reversibility. Give weight to what is not negotiable, and strike out everything that fails there.",
        insight: "Criteria for a comparison are best fixed before looking at the options.",
        myth: "Criteria for a comparison should be set after the decision has been made.",
      },
    ],
  },
  {
    title: "Practice: {topic}",
    description: "Planning a small project of your own, carrying it out and getting it past obstacles.",
    lessons: [
      {
        title: "Planning a project of your own",
        about: "You choose a manageable project and plan time, means and support.",
        objectives: ["choose a manageable project", "estimate time and means realistically"],
        body: "The best first project on “{topic}” is small, useful and can be done in a week. Estimate how long each task takes and add a third, because people regularly underestimate what comes in between. Also decide whom you can ask for help and which means are already there. A plan on one page is more likely to be followed than one on ten.",
        insight: "Schedules become more realistic with a reserve for the unforeseen.",
        myth: "A good plan needs no reserve because nothing may come in between.",
      },
      {
        title: "Carrying it out and keeping going",
        about: "You begin with the first step and secure progress through fixed habits.",
        objectives: ["begin with a small step", "make progress visible"],
        body: "When it comes to doing, opportunity decides more often than intention. Tie your work on “{topic}” to a fixed time and a fixed place, such as the kitchen table after breakfast. Record every finished step where you can see it. A missed day is not a failure; what matters is not to miss two in a row and to resume with the smallest step.",
        insight: "Fixed times and places help you keep going more than goodwill alone.",
        myth: "If you miss a single day, you should give up the whole project.",
      },
      {
        title: "Dealing with obstacles",
        about: "You distinguish kinds of obstacles and choose the right response.",
        objectives: ["tell kinds of obstacles apart", "prepare for one likely obstacle"],
        body: "Obstacles on the way to “{topic}” are not all alike. Some come from missing knowledge, others from missing time, and others again from rules or from other people. Each kind calls for a different answer: read up, drop something, ask, or negotiate. An if-then plan has proved useful: if this obstacle appears, then I will do that. It makes the decision in advance, while your head is clear.",
        insight: "An if-then plan prepares the response to an obstacle before it appears.",
        myth: "Thinking about obstacles is harmful because it makes them happen.",
      },
    ],
  },
  {
    title: "Going deeper: {topic}",
    description: "Judging results, sharing knowledge and deciding on the way ahead.",
    lessons: [
      {
        title: "Judging and improving results",
        about: "You measure your result against the goal and improve one spot on purpose.",
        objectives: ["measure a result against its goal", "choose one improvement on purpose"],
        body: "After the first project on “{topic}” there is a result that you can compare with the goal. Do not look for someone to blame, but for the spot with the greatest effect. Change only one circumstance at a time; otherwise you will not know afterwards what brought the improvement. An unexpectedly good result also deserves the question of how it came about.",
        insight: "Changing one circumstance at a time shows what the change has brought about.",
        myth: "You improve fastest by changing as many things as possible at once.",
      },
      {
        title: "Sharing knowledge and working together",
        about: "You pass on what you have learned and use the feedback of others.",
        objectives: ["pass on a subject so that it is understood", "ask for feedback and use it"],
        body: "Knowledge about “{topic}” grows when it is shared. Explaining something to others means arranging, leaving out and finding examples; gaps come to light that stay hidden in silent reading. Ask for feedback on a particular question rather than for a general verdict. Say thank you for criticism too, and then decide calmly what to adopt.",
        insight: "Explaining something to others reveals gaps in your own knowledge.",
        myth: "Knowledge loses its value as soon as it is shared.",
      },
      {
        title: "Your personal roadmap",
        about: "You sum up the course and decide on your next steps.",
        objectives: ["sum up your own insights", "set next steps with a date"],
        body: "The course “{topic}” ends not with a certificate but with a roadmap. It contains three insights, two habits and one next step with a date. Enter the date at once and decide when you will look at the roadmap again. A short review after four weeks and after three months is enough to keep what you have learned alive.",
        insight: "A next step with a fixed date is more likely to be taken than a general intention.",
        myth: "Once a course has ended, there is no need to deal with its subject again.",
      },
    ],
  },
];
