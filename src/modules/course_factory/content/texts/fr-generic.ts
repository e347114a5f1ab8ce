import type { CourseSubject } from "./language.ts";

/** Outline for any subject: from first terms to a plan of one's own. */
export const genericFr: CourseSubject = [
  {
    title: "Les bases : {topic}",
    description: "Notions, liens et erreurs répandues : le socle de tout ce qui suit.",
    lessons: [
      {
        title: "Notions et contexte",
        about: "Vous clarifiez les notions principales et situez le sujet dans votre quotidien.",
        objectives: [
          "expliquer les notions principales avec vos propres mots",
          "distinguer le sujet des sujets voisins",
        ],
        body: "Ceux qui parlent de « {topic} » ne pensent pas toujours à la même chose : des règles pour les uns, des outils pour les autres, une expérience pour d’autres encore. C’est pourquoi toute étude sérieuse commence par demander ce que l’on entend exactement, ce que l’on laisse de côté et qui est concerné. Une bonne définition est courte, donne un exemple et peut se vérifier.",
        insight: "Des notions claires évitent les malentendus avant qu’ils ne naissent.",
        myth: "Il est inutile de clarifier les notions, car tout le monde les comprend de la même façon.",
      },
      {
        title: "Comment les choses sont liées",
        about: "Vous reconnaissez causes, effets et interactions et vous les présentez clairement.",
        objectives: [
          "distinguer une cause d’une simple succession",
          "représenter des interactions par un croquis",
        ],
        body: "Dans le domaine « {topic} », plusieurs facteurs agissent en général à la fois. Que deux choses apparaissent ensemble ne prouve pas que l’une cause l’autre ; toutes deux peuvent provenir d’une troisième. Interrogez donc le chemin de l’effet : que devrait-il se passer pour que l’une découle de l’autre, et comment pourrait-on l’observer ?",
        insight: "Que deux choses apparaissent ensemble ne prouve pas que l’une cause l’autre.",
        myth: "Si deux choses apparaissent ensemble, l’une est toujours la cause de l’autre.",
      },
      {
        title: "Erreurs répandues",
        about: "Vous découvrez des idées fausses typiques et mettez vos convictions à l’épreuve.",
        objectives: ["nommer des idées fausses typiques", "confronter une conviction aux faits"],
        body: "Les erreurs sur « {topic} » persistent parce qu’elles sont simples et souvent répétées. Ce qui est familier paraît vrai. Un remède efficace consiste à chercher délibérément des cas qui contredisent sa propre opinion. Si l’on n’en trouve aucun après une recherche honnête, l’opinion gagne en poids ; si l’on en trouve, elle devient plus précise.",
        insight: "Chercher des contre-exemples éprouve mieux une conviction que réunir des confirmations.",
        myth: "Ce que l’on a entendu assez souvent est forcément vrai.",
      },
    ],
  },
  {
    title: "Les méthodes : {topic}",
    description: "Une démarche ordonnée, des informations fiables et des décisions fondées.",
    lessons: [
      {
        title: "Avancer selon un plan",
        about: "Vous divisez un projet en étapes et définissez les signes du progrès.",
        objectives: ["formuler un objectif vérifiable", "diviser un projet en étapes"],
        body: "Un objectif concernant « {topic} » ne guide que si l’on peut constater qu’il est atteint. « En savoir plus » ne suffit pas ; « répondre à trois questions sans aide » se vérifie. Les étapes se déduisent de l’objectif à rebours : que doit-il s’être passé juste avant, et avant cela ? On obtient ainsi un plan qui commence aujourd’hui.",
        insight: "Un bon objectif est formulé de telle sorte que l’on puisse vérifier qu’il est atteint.",
        myth: "Plus un objectif est vague, plus il est facile à atteindre.",
      },
      {
        title: "Trouver et vérifier l’information",
        about: "Vous jugez la fiabilité d’une source et en comparez plusieurs.",
        objectives: ["juger la fiabilité d’une source", "vérifier une affirmation par une seconde source"],
        body: "Il existe sur « {topic} » plus de documents que l’on n’en peut lire ; le choix est donc décisif. Demandez pour chaque source qui l’a écrite, dans quel but, quand et sur quoi elle se fonde. Une affirmation présente dans deux sources indépendantes vaut mieux que dix répétitions de la même nouvelle. Notez aussi la date, car même le vrai vieillit.",
        insight: "Deux sources indépendantes valent mieux que de nombreuses répétitions d’une seule.",
        myth: "Plus une affirmation a été recopiée, plus elle est fiable.",
      },
      {
        title: "Comparer les possibilités",
        about: "Vous comparez des possibilités selon des critères fixes et motivez votre choix.",
        objectives: ["définir des critères de comparaison", "motiver un choix de façon compréhensible"],
        body: "Qui doit choisir en matière de « {topic} » devrait fixer ses critères avant de regarder les possibilités. Sinon, la mesure s’adapte sans bruit à ce qui plaît déjà. Un simple tableau suffit : en lignes les possibilités, en colonnes l’utilité, l’effort, le risque et la réversibilité. Donnez du poids à ce qui n’est pas négociable et rayez tout ce qui y échoue.",
        insight: "Il vaut mieux fixer les critères d’une comparaison avant de regarder les possibilités.",
        myth: "Les critères d’une comparaison se fixent une fois la décision prise.",
      },
    ],
  },
  {
    title: "La pratique : {topic}",
    description: "Préparer un petit projet personnel, le réaliser et franchir les obstacles.",
    lessons: [
      {
        title: "Préparer son propre projet",
        about: "Vous choisissez un projet raisonnable et prévoyez temps, moyens et soutien.",
        objectives: ["choisir un projet raisonnable", "estimer le temps et les moyens avec réalisme"],
        body: "Le meilleur premier projet sur « {topic} » est petit, utile et réalisable en une semaine. Estimez la durée de chaque tâche et ajoutez un tiers, car nous sous-estimons régulièrement les imprévus. Décidez aussi à qui vous pouvez demander de l’aide et quels moyens existent déjà. Un plan d’une page est plus souvent suivi qu’un plan de dix pages.",
        insight: "Un calendrier devient plus réaliste avec une réserve pour les imprévus.",
        myth: "Un bon plan se passe de réserve, car rien ne doit venir le troubler.",
      },
      {
        title: "Réaliser et persévérer",
        about: "Vous commencez par la première étape et consolidez vos progrès par des habitudes.",
        objectives: ["commencer par une petite étape", "rendre le progrès visible"],
        body: "Au moment d’agir, l’occasion compte plus souvent que l’intention. Associez le travail sur « {topic} » à une heure et à un lieu fixes, par exemple la table de la cuisine après le petit-déjeuner. Notez bien en vue chaque étape achevée. Un jour manqué n’est pas un échec ; l’important est de ne pas en manquer deux de suite et de reprendre par la plus petite étape.",
        insight: "Une heure et un lieu fixes aident davantage à persévérer que la seule bonne volonté.",
        myth: "Si l’on manque un seul jour, il faut abandonner tout le projet.",
      },
      {
        title: "Faire face aux obstacles",
        about: "Vous distinguez les sortes d’obstacles et choisissez la réponse adaptée.",
        objectives: ["distinguer les sortes d’obstacles", "se préparer à un obstacle probable"],
        body: "Les obstacles rencontrés avec « {topic} » ne se ressemblent pas tous. Les uns viennent d’un manque de savoir, d’autres d’un manque de temps, d’autres encore des règles ou des personnes. Chacun appelle une réponse différente : se documenter, renoncer, demander ou négocier. Le plan « si… alors » a fait ses preuves : si cet obstacle survient, alors je fais cela. La décision est prise d’avance, l’esprit libre.",
        insight: "Un plan « si… alors » prépare la réponse à un obstacle avant qu’il ne survienne.",
        myth: "Penser aux obstacles est nuisible, car cela les provoque.",
      },
    ],
  },
  {
    title: "Approfondir : {topic}",
    description: "Juger les résultats, partager le savoir et décider de la suite.",
    lessons: [
      {
        title: "Juger et améliorer les résultats",
        about: "Vous mesurez votre résultat à l’objectif et améliorez un point précis.",
        objectives: ["mesurer un résultat à son objectif", "choisir une amélioration précise"],
        body: "Après le premier projet sur « {topic} », vous disposez d’un résultat à comparer avec l’objectif. Ne cherchez pas de coupable, mais le point qui a le plus d’effet. Ne changez qu’un facteur à la fois ; sinon, vous ne saurez pas ce qui a apporté l’amélioration. Un résultat meilleur que prévu mérite aussi que l’on se demande d’où il vient.",
        insight: "Ne changer qu’un facteur à la fois montre ce que le changement a produit.",
        myth: "On progresse le plus vite en changeant le plus de choses possible à la fois.",
      },
      {
        title: "Partager et travailler ensemble",
        about: "Vous transmettez ce que vous avez appris et profitez du retour des autres.",
        objectives: ["transmettre un contenu de façon claire", "demander un retour et l’utiliser"],
        body: "Le savoir sur « {topic} » grandit quand on le partage. Expliquer oblige à ordonner, à laisser de côté et à trouver des exemples ; des lacunes apparaissent, qui restent cachées dans une lecture silencieuse. Demandez un retour sur une question précise plutôt qu’un jugement général. Remerciez aussi pour la critique, puis décidez calmement de ce que vous retenez.",
        insight: "Expliquer quelque chose aux autres révèle les lacunes de son propre savoir.",
        myth: "Le savoir perd sa valeur dès qu’on le partage.",
      },
      {
        title: "Votre feuille de route",
        about: "Vous résumez le cours et fixez vos prochaines étapes.",
        objectives: ["résumer vos propres acquis", "fixer les prochaines étapes avec une date"],
        body: "Le cours « {topic} » ne se termine pas par un diplôme, mais par une feuille de route. Elle contient trois acquis, deux habitudes et une prochaine étape datée. Inscrivez tout de suite la date et décidez quand vous relirez la feuille. Un court bilan après quatre semaines et après trois mois suffit pour garder vivant ce que vous avez appris.",
        insight: "Une prochaine étape datée est plus souvent accomplie qu’une intention générale.",
        myth: "Une fois le cours terminé, il n’est plus utile de s’occuper du sujet.",
      },
    ],
  },
];
