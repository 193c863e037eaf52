import { heading, start, wholeHeading, words, wordSet, type LanguageCues } from './languageCues.ts';

export const french: LanguageCues = {
  disclosing: words(
    'divulgu(?:er|e|es|ez)|révél(?:er|e|es|ez)|révèle|répét(?:er|ez)|répète|partag(?:er|e|es|ez)|montr(?:er|e|es|ez)|affich(?:er|e|es|ez)|résum(?:er|e|es|ez)|communiqu(?:er|e|es|ez)|cit(?:er|e|es|ez)|tradui(?:re|s|sez)',
  ),
  secrets: words(
    "(?:ces|cette|vos|tes|tes|les|l'|l’|ce|votre|ton|la)(?: (?:propres))* ?(?:instructions?|règles?|consignes?|directives?|prompts?|invite système|message système)(?: (?:système|internes?|ci-dessus|ci-dessous))?",
  ),
  refusing: words("ne|n'|n’|jamais|refuse[rz]?|interdit|déclin(?:e|er|ez)|uniquement"),
  confidential: words('confidentiel(?:le|s|les)?|secr(?:et|ète|ets|ètes)'),
  pronouns: words('les|cela|celles-ci|ceux-ci'),
  identity: start(
    "tu es(?! pas)|vous êtes(?! pas)|ton rôle est|votre rôle est|tu joues|vous jouez|tu travailles (?:pour|comme)|vous travaillez (?:pour|comme)|ton nom est|votre nom est|agis en tant|agissez en tant|tu t['’]appelles|vous vous appelez",
  ),
  prohibition: words(
    "(?:ne|n['’])(?:[\\s]?[\\p{L}'’-]+){0,5} (?:jamais|pas|aucune?|plus)|ne pas|jamais|évite[rz]?|interdit|s['’]abstenir|abstenez-vous|abstiens-toi|en aucun cas",
  ),
  weakProhibition: words('aucune?|pas'),
  contrast: start(
    "(?:(?:et|mais|ou) )?(?:ne (?:\\p{L}+ ){1,3}(?:jamais|pas)|n['’]\\p{L}+ (?:jamais|pas)|évite[rz]?|jamais)",
  ),
  reply: words('répond(?:s|re|ez)?|réponses?|tutoie|vouvoie|vouvoyez|tutoyez'),
  shape: words(
    'sortie|format|langue|mots|phrases?|paragraphes?|en français|en anglais|en allemand|en euros|brève(?:ment)?|concis(?:e)?|tableau|liste|majuscules|gras|caractères',
  ),
  modal: words(
    "dois|devez|doit|doivent|il faut|toujours|veille[rz]? à|assure-toi|assurez-vous|obligatoire(?:ment)?|impérativement|s['’]il (?:te|vous) plaît|uniquement|exclusivement|(?:ta|votre|ton) (?:tâche|mission|objectif|but) est",
  ),
  limit: words(
    'au maximum|au plus|au moins|pas plus de|maximum|(?:est|sont) (?:toujours )?(?:écrite?s?|donnée?s?|indiquée?s?)',
  ),
  tentative: words(
    'devrai(?:s|t|ent)|devriez|si possible|de préférence|préfère|préférez|essaie|essayez|idéalement|peux|pouvez',
  ),
  imperative: start(
    "(?:(?:toujours|ensuite|puis|enfin|si possible|d['’]abord),? )*(?:\\p{L}{3,}(?<!ass)ez|vous (?!êtes|avez|pouvez|savez)\\p{L}+ez|tu (?!es|as|peux|sais)\\p{L}+[sx]|\\p{L}{3,}e(?= (?:le|la|les|un|une|des|du|ton|ta|tes|ses|son|sa|au|aux|à|toujours|chaque) | l['’])|ne \\p{L}+|répond(?:s|re)|utilise(?:r)?|donne(?:r)?|écri(?:s|re)|demande(?:r)?|indique(?:r)?|propose(?:r)?|reste(?:r)?|sois|évite(?:r)?|commence(?:r)?|termine(?:r)?|explique(?:r)?|vérifie(?:r)?|refuse(?:r)?|dis|fais|cite(?:r)?|garde(?:r)?|suis|suivre|parle(?:r)?)",
  ),
  condition: start("si|s['’]il|lorsque|lorsqu['’]\\p{L}+|quand|avant|après|en cas"),
  dependency: start(
    'cela|ceci|sinon|autrement|puis|alors|aussi|mais|cependant|toutefois|sauf|elles?|ils? (?!faut\\b|y\\b|est (?:interdit|important|obligatoire|nécessaire)\\b|convient\\b)\\p{L}+',
  ),
  statement: start("le|la|les|l['’]\\p{L}+|un|une|notre|nos|nous|il|elle|ce|c['’]est|ces"),
  example: start('exemples?(?: [\\p{L} ]+)? ?:|par exemple'),
  facts: heading('contexte|faits|aperçu|informations|contact|à propos|horaires|données'),
  avoided: wholeHeading(
    "(?:à éviter|ce qu['’]il (?:ne )?faut (?:pas faire|éviter)|interdit(?:s|ions)?|à ne pas faire|jamais)",
  ),
  required: heading('règles|consignes|instructions|tâches?|étapes|à faire|obligations|principes|comportement'),
  formats: heading('format|format de sortie|format de réponse|sortie|réponses?|longueur|mise en forme'),
  formatLeadIn: words(
    '(?:structure|format|plan) (?:de la|du|de ta|de votre|des) \\p{L}+|(?:ces|les) (?:champs|clés|sections|parties|colonnes)(?: suivant(?:e)?s)?|(?:réponse|rapport|résumé) (?:contient|comporte|comprend)',
  ),
  functionWords: wordSet(
    'le les des est et vous tu une pour ne pas dans avec sur ou du au aux ces si jamais toujours qui que en la',
  ),
};
