import { bankingFr } from "./fr-banking.ts";
import { genericFr } from "./fr-generic.ts";
import type { LanguageTexts } from "./language.ts";

export const fr: LanguageTexts = {
  headings: {
    overview: "Aperçu",
    objectives: "Objectifs d’apprentissage",
    introduction: "Introduction",
    main: "Partie principale",
    examples: "Exemples",
    summary: "Résumé",
    resources: "Ressources",
    disclaimer: "Avertissement",
  },
  overview:
    "Leçon {number} sur {lessons} du cours « {course} », module « {module} ». Durée : environ {minutes} minutes. {about}",
  objectivesLead: "Après cette leçon, vous saurez :",
  introductions: [
    "De quoi parle le cours ? « {excerpt} » Cette leçon en retient une partie : {lesson}. Lisez d’abord le texte sans prendre de notes, en observant simplement ce que vous savez déjà. À la seconde lecture, marquez les passages qui contredisent votre expérience. C’est là que la réflexion est la plus utile.",
    "Avant de poursuivre, prenez deux minutes : que vous évoque « {lesson} », et à quelle question aimeriez-vous trouver une réponse ? Écrivez les deux en une phrase. Voici l’intention du cours : « {excerpt} » Votre propre question vous aide à éprouver le contenu au lieu de seulement en prendre connaissance.",
    "Les leçons précédentes ont préparé le terrain ; voici maintenant une nouvelle pierre : {lesson}. Gardez en vue l’intention du cours : « {excerpt} » Vous n’avez rien à apprendre par cœur. L’essentiel est de pouvoir expliquer, à la fin et avec vos propres mots, pourquoi ce passage compte dans votre situation.",
  ],
  methods: [
    {
      lead: "Pour vous familiariser avec la matière :",
      steps: [
        "Notez trois notions de ce passage et expliquez chacune en une seule phrase, comme vous le feriez à une connaissance.",
        "Cherchez pour chaque notion un exemple tiré de votre quotidien et un contre-exemple qui n’en relève pas.",
        "Dessinez sur une feuille les liens entre ces notions ; des flèches et des mots-clés suffisent.",
        "Vérifiez le lendemain ce que vous savez encore sans vos notes, et ne relisez que les lacunes.",
      ],
    },
    {
      lead: "Pour avancer pas à pas :",
      steps: [
        "Décrivez d’abord la situation de départ par des chiffres ou des faits observables, sans la juger.",
        "Fixez, avant de commencer une étape, à quoi vous reconnaîtrez qu’elle a réussi.",
        "Essayez la démarche sur un petit cas, facile à annuler.",
        "Notez le résultat par écrit, et décidez seulement ensuite de l’étape suivante.",
      ],
    },
    {
      lead: "Pour passer à la pratique :",
      steps: [
        "Choisissez un projet que vous pouvez achever en une semaine et donnez-lui une date ferme.",
        "Divisez-le en tâches d’une heure au plus et commencez par la moins agréable.",
        "Convenez avec une autre personne du moment où vous lui rendrez compte de vos progrès.",
        "Une fois le projet terminé, regardez en arrière : que gardez-vous, que laissez-vous, qu’essaierez-vous autrement ?",
      ],
    },
    {
      lead: "Pour approfondir ce que vous savez faire :",
      steps: [
        "Comparez votre résultat avec l’objectif fixé au début et nommez l’écart le plus important.",
        "Demandez un avis sincère à une personne qui voit les choses autrement, et écoutez sans vous justifier.",
        "Améliorez un seul point et mesurez si cela change quelque chose.",
        "Transmettez vos connaissances ; c’est en expliquant que l’on remarque le plus vite ses propres lacunes.",
      ],
    },
  ],
  correction:
    "Une erreur répandue s’énonce ainsi : « {myth} » Elle paraît plausible, mais ne résiste pas à l’examen. Voici ce qui est juste : {insight} Dans les conversations et les textes, observez combien de fois vous rencontrez la première version, et demandez-vous chaque fois ce qui arriverait si l’on s’y fiait.",
  examplesLead: "Les situations suivantes sont inventées, mais elles pourraient se produire ainsi.",
  summaryLead: "L’essentiel en bref :",
  summaryClose:
    "Si vous ne retenez qu’une idée de « {lesson} », que ce soit la première. Les autres points vous aident à l’appliquer.",
  resources: [
    "Votre bibliothèque ou votre université populaire : demandez précisément des introductions récentes sur « {topic} ».",
    "Les services de conseil publics ou associatifs, par exemple les associations de consommateurs, qui informent sans intérêt commercial.",
    "Votre propre cahier d’apprentissage : notez la date, la question, la réponse et la source, afin de savoir plus tard sur quoi repose votre savoir.",
  ],
  disclaimer:
    "Ce cours sert à la formation et donne un aperçu général. Il ne remplace pas un conseil juridique, fiscal, financier ou professionnel dans un cas particulier, et il ne recommande aucun produit ni aucun prestataire. Vérifiez les informations importantes auprès de sources actuelles avant toute décision.",
  placeholder:
    "Le texte de la leçon « {lesson} » n’est pas encore disponible. Une introduction, les notions principales, des exemples et un résumé sont prévus. {about}",
  plannedPoints: [
    "Introduction : pourquoi « {lesson} » est important",
    "Notions et liens entre elles",
    "Exemples tirés du quotidien",
    "Résumé et prochaines étapes",
  ],
  quiz: {
    title: "Quiz : {course}",
    description:
      "Vérifiez ce que vous avez appris dans le cours « {topic} ». Chaque question a exactement une bonne réponse.",
    statement: "« {topic} », leçon « {lesson} » : quelle affirmation est juste ?",
    statementExplanation: "{insight} La leçon « {lesson} » en traite.",
    place: "Dans quel module du cours « {topic} » se trouve la leçon « {lesson} » ?",
    placeExplanation: "La leçon « {lesson} » fait partie du module « {module} ».",
  },
  landing: {
    subtitle: "{excerpt} Un cours en {modules} modules et {lessons} leçons.",
    callToAction: "Commencer le cours maintenant",
    value:
      "{excerpt} En {modules} modules et {lessons} leçons, le cours « {topic} » vous conduit des bases à votre propre plan : clair, factuel et sans rien à vendre. Vous apprenez à votre rythme et vous vous exercez sur des cas du quotidien.",
    forWhomTitle: "À qui s’adresse ce cours ?",
    forWhomAudience: "Pour {audience} qui s’intéressent à « {topic} »",
    forWhomGeneral: [
      "Pour toute personne qui veut commencer sans connaissances préalables et avancer pas à pas",
      "Pour toute personne qui veut se forger une opinion fondée",
    ],
    notForWhomTitle: "À qui ce cours ne s’adresse-t-il pas ?",
    notForWhomPoints: [
      "Aux personnes qui cherchent un conseil engageant pour leur cas particulier",
      "Aux personnes qui attendent des recettes toutes faites sans réfléchir elles-mêmes",
      "Aux personnes qui enseignent déjà ce domaine à titre professionnel",
    ],
    structureTitle: "La structure du cours",
    structureFeature: "{modules} modules et {lessons} leçons, environ {minutes} minutes au total",
    quizFeature: "Quiz final avec une explication pour chaque réponse",
    features: [
      "Des objectifs clairs pour chaque leçon",
      "Des exemples tirés du quotidien du public visé",
      "Neutre : sans publicité ni recommandation de produits",
    ],
    featuresTitle: "Ce qui vous attend",
    valueTitle: "Ce que le cours vous apporte",
  },
  audiences: {
    private_individuals: {
      example:
        "Madame Bernard gère son foyer à côté de son travail et dispose de peu de temps. Elle réserve deux soirées à « {lesson} », note trois questions ouvertes et répond à la première avant de décider quoi que ce soit.",
    },
    employees: {
      example:
        "Monsieur Diallo travaille dans un bureau et doit présenter « {lesson} » à son équipe. Il rassemble des faits de deux sources indépendantes, les oppose sur une page et demande à une collègue de le contredire.",
    },
    career_starters: {
      example:
        "Léa vient de finir sa formation et reçoit des conseils de toutes parts. Avec « {lesson} », elle vérifie lesquels conviennent à sa situation et remet à plus tard ce qu’elle ne sait pas encore justifier.",
    },
    sme_entrepreneurs: {
      example:
        "Une menuiserie de huit personnes veut modifier son organisation. La gérante applique « {lesson} » à une seule commande, mesure le temps et les coûts, et décide après quatre semaines si toute l’entreprise doit suivre.",
    },
    retirees: {
      example:
        "Monsieur Novak est à la retraite et aime apprendre sans hâte. Il parle de « {lesson} » avec sa voisine, compare les deux points de vue et écrit à sa petite-fille ce qu’il en retient.",
    },
    self_employed: {
      example:
        "Une traductrice indépendante a des revenus variables et peu de temps en réserve. Elle essaie « {lesson} » sur son prochain projet, limite l’effort à une demi-journée et dresse ensuite un bilan.",
    },
    students: {
      example:
        "Un groupe d’étude se partage « {lesson} » : chaque personne explique une partie aux autres. Là où l’explication hésite, le groupe cherche ensemble et note la source.",
    },
    parents: {
      example:
        "Deux parents veulent expliquer « {lesson} » à leurs enfants. Ils s’accordent sur un exemple de la vie de famille, le présentent au dîner et recueillent les questions qui restent ouvertes.",
    },
    migrants_expats: {
      example:
        "Madame Okafor vit dans le pays depuis un an et a connu d’autres règles. Pour « {lesson} », elle compare ce qui diffère ici et se renseigne auprès d’un service de conseil avant de signer.",
    },
  },
  generic: genericFr,
  banking: bankingFr,
};
