import type { CourseSubject } from "./language.ts";

/** Outline for courses on banks and the alternatives to them. */
export const bankingFr: CourseSubject = [
  {
    title: "Comment travaillent les banques et les caisses d’épargne",
    description: "Missions, création monétaire et contrats : le fondement de toute comparaison.",
    lessons: [
      {
        title: "Les missions des banques et des caisses d’épargne",
        about: "Vous apprenez quels services elles rendent et ce qui les distingue.",
        objectives: ["nommer les missions principales d’une banque", "distinguer les groupes bancaires"],
        body: "Les banques tiennent des comptes, exécutent des paiements, reçoivent des dépôts et accordent des crédits. Les caisses d’épargne publiques appartiennent souvent à des collectivités et remplissent une mission publique, les banques coopératives appartiennent à leurs membres, les banques privées à leurs actionnaires. La propriété influe sur l’usage des bénéfices et sur le droit de parole. Au quotidien, les services se ressemblent pourtant beaucoup.",
        insight:
          "Caisses d’épargne, banques coopératives et banques privées diffèrent surtout par leurs propriétaires.",
        myth: "Toutes les banques et caisses d’épargne appartiennent au même propriétaire.",
      },
      {
        title: "Comment naissent la monnaie et le crédit",
        about: "Vous comprenez comment le crédit crée des dépôts et ce qui le limite.",
        objectives: ["distinguer monnaie scripturale et espèces", "expliquer les limites du crédit"],
        body: "La plus grande partie de la monnaie n’est pas faite de billets et de pièces, mais d’avoirs sur des comptes. Lorsqu’une banque accorde un crédit, elle crédite le compte du client ; de la monnaie scripturale apparaît. Ce n’est pas sans limite : règles de fonds propres, risques, taux de la banque centrale et demande de crédit fixent le cadre. Au remboursement, cette monnaie disparaît.",
        insight: "Le crédit crée de la monnaie scripturale, et le remboursement la fait disparaître.",
        myth: "Les banques peuvent accorder des crédits sans aucune limite.",
      },
      {
        title: "Lire les frais, les intérêts et les contrats",
        about: "Vous repérez dans les tarifs et les contrats les indications qui comptent.",
        objectives: ["interpréter le taux annuel effectif", "calculer le coût annuel d’un compte"],
        body: "Les comptes sont accompagnés d’un document d’information tarifaire, les crédits d’un taux annuel effectif global. Les deux rendent les offres comparables, car ils réunissent les coûts essentiels. Calculez toujours sur un an et selon vos habitudes : retraits d’espèces, paiements à l’étranger, découverts. Les délais de résiliation et les conditions des remises se trouvent souvent plus loin dans le texte.",
        insight: "Le taux annuel effectif permet de mieux comparer les crédits que le seul taux nominal.",
        myth: "Un compte sans frais mensuels ne coûte jamais rien.",
      },
    ],
  },
  {
    title: "Les alternatives en un coup d’œil",
    description: "Autres formes de banques, services de paiement, prêts entre particuliers et communautés.",
    lessons: [
      {
        title: "Banques coopératives, en ligne et éthiques",
        about: "Vous comparez des banques sans agences, à sociétaires ou à principes particuliers.",
        objectives: ["comparer trois formes de banques", "ordonner vos propres exigences"],
        body: "Les banques en ligne se passent d’agences et offrent leurs services par internet et par téléphone. Les banques coopératives donnent une voix à chaque membre. Les banques d’orientation éthique publient l’usage qu’elles font de l’argent et ce qu’elles excluent. Aucune forme n’est la meilleure pour tous : qui dépose des espèces a d’autres besoins que celui qui ne fait que des virements.",
        insight: "Dans une banque coopérative, chaque membre dispose en principe d’une voix.",
        myth: "Les banques en ligne n’ont pas besoin d’agrément, car elles n’ont pas d’agences.",
      },
      {
        title: "Services de paiement et monnaie électronique",
        about: "Vous apprenez ce que ces établissements peuvent faire et comment les avoirs sont protégés.",
        objectives: [
          "distinguer service de paiement et banque",
          "se renseigner sur la protection des avoirs",
        ],
        body: "Les services de paiement exécutent des virements, les établissements de monnaie électronique émettent des avoirs servant à payer. Les deux ont besoin d’un agrément, mais ne sont pas des banques de dépôt. L’argent des clients doit être protégé, le plus souvent sur des comptes séparés ; la garantie légale des dépôts ne s’y applique pas de la même manière. Demandez donc où se trouve réellement votre argent.",
        insight: "Les avoirs en monnaie électronique sont protégés autrement que les dépôts bancaires.",
        myth: "Toute application de paiement est en droit une banque avec garantie légale des dépôts.",
      },
      {
        title: "Prêts entre particuliers et financement participatif",
        about: "Vous comprenez comment les plateformes mettent en relation et qui porte le risque.",
        objectives: ["décrire le fonctionnement d’une plateforme", "nommer le risque de défaut"],
        body: "Les plateformes mettent en relation ceux qui cherchent de l’argent et ceux qui en apportent. Dans le financement participatif, la contrepartie peut être un remerciement, un produit, des intérêts ou une participation. Le risque de défaut est en général supporté par ceux qui apportent l’argent, non par la plateforme. Répartir son argent entre plusieurs projets réduit le risque sans le supprimer.",
        insight: "Dans les prêts entre particuliers, ce sont en général les prêteurs qui portent le risque.",
        myth: "Les plateformes remboursent intégralement chaque défaut aux prêteurs.",
      },
      {
        title: "Groupes d’épargne et entraide",
        about: "Vous découvrez des formes communes d’épargne et d’entraide, avec leurs règles.",
        objectives: ["décrire des formes d’épargne commune", "établir les règles d’un groupe"],
        body: "Dans de nombreux pays, on épargne ensemble : chacun verse régulièrement et, à tour de rôle, une personne reçoit la somme. Associations et coopératives soutiennent leurs membres en difficulté. Ces formes reposent sur la confiance, des règles écrites et des comptes ouverts. Avant tout versement, il faut régler le début, l’ordre, la sortie et les litiges ; les limites légales sont aussi à respecter.",
        insight: "L’épargne commune demande des règles écrites claires et des comptes ouverts.",
        myth: "Dans un groupe d’épargne, les règles écrites sont superflues.",
      },
    ],
  },
  {
    title: "Sécurité et risque",
    description: "Garantie des dépôts, surveillance, fraude et protection de vos données.",
    lessons: [
      {
        title: "Comprendre la garantie des dépôts",
        about: "Vous savez ce que la garantie protège, jusqu’à quel montant, et ce qu’elle exclut.",
        objectives: ["distinguer avoirs protégés et non protégés", "indiquer le plafond de la garantie"],
        body: "Dans l’Union européenne, les dépôts sont en principe protégés par la loi jusqu’à 100 000 euros par personne et par banque. Cela comprend les comptes courants, les comptes d’épargne et les comptes à terme. Les actions, les fonds et les prêts sur plateformes ne sont pas des dépôts ; d’autres règles s’y appliquent. Les montants plus élevés peuvent être répartis entre plusieurs banques.",
        insight:
          "Dans l’UE, la garantie légale protège en principe 100 000 euros par personne et par banque.",
        myth: "La garantie des dépôts compense aussi les pertes de cours des actions.",
      },
      {
        title: "Vérifier l’agrément et la surveillance",
        about: "Vous vérifiez dans les registres publics si un prestataire est agréé.",
        objectives: [
          "utiliser un registre public",
          "reconnaître des mentions absentes comme un signal d’alerte",
        ],
        body: "Qui exerce une activité bancaire ou fournit des services de paiement a besoin d’un agrément de l’autorité. Les autorités tiennent des registres publics où l’on peut rechercher le nom et l’agrément. Comparez avec soin la raison sociale, le siège et le numéro, car les fraudeurs aiment les noms proches de noms connus. Des mentions légales absentes ou différentes sont un signal clair.",
        insight: "L’agrément d’un prestataire se vérifie dans le registre de l’autorité de surveillance.",
        myth: "Un site internet soigné prouve qu’un prestataire est agréé.",
      },
      {
        title: "Reconnaître la fraude",
        about: "Vous reconnaissez les schémas typiques et savez comment réagir.",
        objectives: ["nommer les signes d’une fraude", "réagir correctement en cas d’urgence"],
        body: "La fraude joue sur la pression, la peur et les promesses. Appels inattendus, délais urgents, gains élevés et certains, demandes de codes d’accès : voilà des schémas typiques. Raccrochez, rappelez à un numéro que vous avez cherché vous-même et ne transmettez jamais un code de validation. Si de l’argent est parti, chaque minute compte : bloquer le compte, prévenir la banque, porter plainte, conserver les preuves.",
        insight: "On ne transmet jamais un code de validation, même à un prétendu employé de banque.",
        myth: "Une vraie banque demande les codes de validation par téléphone.",
      },
      {
        title: "Protéger ses données et ses accès",
        about: "Vous sécurisez vos accès et décidez consciemment des données que vous partagez.",
        objectives: ["sécuriser un accès par deux facteurs", "juger une demande de partage de données"],
        body: "Un accès n’est pas plus sûr que son maillon le plus faible. Utilisez pour chaque service un long mot de passe distinct, si possible avec un gestionnaire, et activez la confirmation par un second facteur. Les services qui lisent vos données de compte ont besoin de votre accord, que vous pouvez retirer. Vérifiez régulièrement à qui vous avez donné accès.",
        insight: "Un mot de passe distinct par service et un second facteur renforcent la sécurité.",
        myth: "Un seul bon mot de passe peut servir partout sans danger.",
      },
    ],
  },
  {
    title: "Mettre en œuvre sa propre voie",
    description: "Clarifier ses besoins, comparer les offres, changer et garder la vue d’ensemble.",
    lessons: [
      {
        title: "Clarifier ses propres besoins",
        about: "Vous décrivez les services dont vous avez vraiment besoin.",
        objectives: ["relever votre usage réel", "séparer l’indispensable du souhaitable"],
        body: "Commencez par un inventaire : quels comptes, cartes, crédits et contrats existent, et lesquels utilisez-vous réellement ? Séparez ce qui est indispensable de ce qui serait seulement agréable.",
        insight: "Qui connaît son usage réel peut choisir les offres de façon plus précise.",
        myth: "Avoir de nombreux comptes réduit automatiquement les frais.",
      },
      {
        title: "Comparer les offres",
        about: "Vous comparez les offres selon des critères fixes et calculez le coût d’une année.",
        objectives: ["établir une comparaison par critères", "calculer les coûts annuels"],
        body: "Fixez les critères avant de regarder les offres : coût annuel, espèces, disponibilité, protection des dépôts, principes. Sur les sites de comparaison, regardez qui les paie.",
        insight: "Les comparateurs peuvent toucher des commissions et ne montrent alors pas tout le marché.",
        myth: "Les comparateurs montrent toujours toutes les offres et sont toujours indépendants.",
      },
      {
        title: "Préparer un changement de compte",
        about: "Vous préparez un changement sans perdre aucun paiement.",
        objectives: ["recenser tous les partenaires de paiement", "planifier un changement dans le temps"],
        body: "Dressez la liste des salaires, virements permanents et prélèvements d’une année entière, paiements annuels compris. L’aide légale à la mobilité bancaire vous soutient. Gardez l’ancien compte ouvert quelques semaines.",
        insight: "Lors d’un changement, il est utile de garder les deux comptes quelques semaines.",
        myth: "Lors d’un changement, il faut d’abord fermer l’ancien compte.",
      },
      {
        title: "Votre plan financier personnel",
        about: "Vous réunissez vos décisions dans un plan daté.",
        objectives: ["ordonner réserves et objectifs", "fixer des dates de révision"],
        body: "Un plan financier tient sur une page : revenus, dépenses, réserve, objectifs et prochaine date de révision. La réserve pour les urgences vient d’abord, les objectifs à long terme suivent.",
        insight: "Dans un plan financier, la réserve d’urgence passe avant les objectifs à long terme.",
        myth: "Un plan financier n’est utile qu’aux personnes à revenu élevé.",
      },
    ],
  },
];
