/**
 * Words that show what a sentence asks for, per language. They are matched against lower-cased text in which code and
 * quotations are blanked out. All languages are tried on every sentence, so a cue must not be a common word of another.
 */
export interface LanguageCues {
  /** What must not be disclosed, as the object of a verb in `disclosing`. */
  readonly secrets: RegExp;
  readonly disclosing: RegExp;
  /** Forbids or refuses, within a sentence about disclosing. */
  readonly refusing: RegExp;
  readonly confidential: RegExp;
  /** Stands for the secrets named by the sentence before. */
  readonly pronouns: RegExp;
  readonly identity: RegExp;
  readonly prohibition: RegExp;
  /** Forbids only inside a sentence that gives an instruction anyway. */
  readonly weakProhibition: RegExp;
  /** Names the reply itself. */
  readonly reply: RegExp;
  /** Names a property of text; about the reply unless the sentence is about code. */
  readonly shape: RegExp;
  /** Asks for behaviour wherever it stands. */
  readonly modal: RegExp;
  /** The start of a sentence or clause that asks for behaviour. */
  readonly imperative: RegExp;
  /** Opens a condition; what follows its comma may be imperative. */
  readonly condition: RegExp;
  /** Words that tie a sentence to the one before it. */
  readonly dependency: RegExp;
  /** The start of a statement of fact. */
  readonly statement: RegExp;
  /** Announces an example. */
  readonly example: RegExp;
  /** A whole heading over facts. */
  readonly facts: RegExp;
}

const never = /(?!)/;

/** A pattern of whole words, any script: `\b` knows ASCII letters only. */
const words = (alternatives: string): RegExp =>
  new RegExp(`(?<![\\p{L}\\p{N}])(?:${alternatives})(?![\\p{L}\\p{N}])`, 'u');
/** The same at the start of the text, after quotes, brackets and emphasis. */
const start = (alternatives: string): RegExp =>
  new RegExp(`^[\\s*_"'“„«(\\[¿¡]*(?:${alternatives})(?![\\p{L}\\p{N}])`, 'u');

/** A heading that is, or ends in, one of these words, perhaps with what they are about. */
const heading = (alternatives: string): RegExp =>
  new RegExp(`^(?:[\\p{L}&,’' -]+ )?(?:${alternatives})(?: (?:about|on|of|for|über|zu|sur|de|sobre) .*)?$`, 'u');

const englishVerbs =
  'accept|acknowledge|act|adapt|add|address|adhere|adjust|adopt|aim|allow|analy[sz]e|annotate|answer|apologi[sz]e|append|apply|ask|assess|assign|assume|attach|avoid|balance|base|batch|be|begin|behave|break|bring|build|cache|calculate|call|capitali[sz]e|capture|catch|center|check|choose|cite|clarify|classify|clean|close|combine|comment|commit|communicate|compare|complete|compose|compute|conclude|configure|confirm|consider|consult|contact|continue|convert|copy|correct|count|cover|create|decide|declare|decline|default|defer|define|delegate|delete|deliver|deploy|describe|design|detect|determine|develop|direct|disable|discuss|display|divide|document|double-check|draft|edit|emit|emphasi[sz]e|employ|enable|encourage|end|enforce|engage|ensure|escalate|establish|estimate|evaluate|examine|exclude|execute|expect|explain|explore|export|expose|express|extract|fall back|favor|favour|fetch|fill|filter|find|finish|fix|flag|focus|follow|format|gather|generate|get|give|go|greet|group|guide|handle|help|highlight|identify|ignore|implement|import|include|increase|indent|indicate|infer|inform|initiali[sz]e|insert|inspect|install|integrate|introduce|invoke|isolate|keep|label|launch|lead|learn|leave|let|leverage|limit|link|list|listen|load|locate|log|look|maintain|make|manage|map|mark|match|measure|mention|merge|minimi[sz]e|mock|model|modify|monitor|move|name|normali[sz]e|note|notify|obey|offer|omit|open|optimi[sz]e|order|organi[sz]e|output|parse|pass|pause|perform|pick|place|plan|point|prefer|prefix|prepare|present|preserve|prevent|print|prioriti[sz]e|process|produce|promote|prompt|propose|protect|provide|pull|push|put|quote|raise|rank|read|reason|recommend|record|redirect|reduce|refactor|refer|reference|refrain|refuse|reject|rely|remain|remember|remind|remove|rename|render|reopen|repeat|rephrase|replace|reply|report|represent|request|require|research|reserve|resolve|respect|respond|restate|restrict|return|reuse|review|rewrite|round|route|run|sanitize|save|say|scan|schedule|search|select|send|separate|serve|set|share|show|sign|simplify|skip|solve|sort|speak|specify|split|start|state|stay|stick|stop|store|strip|structure|submit|suggest|summari[sz]e|support|surround|tag|tailor|take|talk|tell|test|think|track|transfer|transform|translate|treat|trim|try|turn|understand|update|upgrade|use|utili[sz]e|validate|verify|wait|walk|warn|watch|work|wrap|write';
const englishAdverbs =
  'please|always|only|also|then|first|second|third|next|finally|instead|otherwise|just|simply|where possible|when possible|if possible|if needed|if necessary|by default|in all cases|at the end|\\p{L}+ly';

const english: LanguageCues = {
  disclosing: words(
    'disclos(?:e|es|ing)|reveal(?:s|ing)?|repeat(?:s|ing)?|shar(?:e|es|ing)|show(?:s|ing)?|print(?:s|ing)?|output(?:ting)?|summari[sz](?:e|es|ing)|translat(?:e|ing)|quot(?:e|ing)|expos(?:e|ing)|leak(?:s|ing)?|discuss(?:ing)?|mention(?:ing)?|paraphras(?:e|ing)|recit(?:e|ing)|describ(?:e|ing)|giv(?:e|ing) (?:out|away)|tell(?:ing)?|provid(?:e|ing)|list(?:ing)?|cit(?:e|ing)|restat(?:e|ing)',
  ),
  secrets: words(
    '(?:this|these|those|your|the|my|any|any of|parts? of|all|its|our)(?: (?:of|these|this|the|your|own|above|below|following|preceding|previous|system|hidden|internal|initial|original|confidential|custom|secret|exact))*[ -](?:instructions?|system[ -]?prompt|prompts?|rules?|guidelines?|system message|configuration|directives?|text above)|(?:system|hidden|internal) (?:prompts?|instructions?|messages?|rules)',
  ),
  refusing: words(
    "do not|don'?t|don’t|never|must not|mustn'?t|may not|cannot|can'?t|should not|shouldn'?t|not allowed to|refuse|decline|avoid|refrain|under no circumstances|not (?:reveal|share|disclose|repeat)|forbidden|prohibited|only reply|only respond|only answer",
  ),
  confidential: words('confidential|secret|private|not public|internal only|for internal use'),
  pronouns: words('them|it|these|this|those|that|so'),
  identity: start(
    "you(?: are|'re|’re)(?! (?:not(?! an?\\b)|never|only|always|required|expected|allowed|permitted|free|able|encouraged|forbidden|prohibited|to)\\b)|act as|your (?:role|job|task|name) is|your role:|assume the role|behave as|take on the role|you will (?:act|play|serve) as|you act as|you serve as|you play",
  ),
  prohibition: words(
    "(?<!(?:we|they|i|users?|customers?|who|that|which) )(?:do not|don'?t|don’t)|(?<!(?:we|they|i|it|has|have|who|that|which|had) )never|(?<!(?:who|that|which) )(?:must not|mustn'?t|should not|shouldn'?t|shall not)|may not|cannot be|you cannot|you can'?t|avoid|refrain|not allowed|not permitted|under no circumstances|forbidden|prohibited|no longer use",
  ),
  weakProhibition: words(
    'without|neither|(?<!(?:is|are|was|were|does|did|has|have|should|must|would|could|do|if|not) )not (?:from|in|on|as|by|with|for|to)',
  ),
  reply: words(
    'respond(?:s|ing)?|repl(?:y|ies|ying)|(?<!for (?:the|an|your|their) )answer(?:s|ing)?|responses?|your (?:final )?(?:output|message)|tone',
  ),
  shape: words(
    'output(?! (?:dir|director|folder|file|path))|json(?![-/.\\w])(?! files?)|markdown(?![-/.\\w])(?! files?)|format(?:ted)? (?:as|in)|(?:in|as|with|using|following|this|the)(?: [\\p{L}-]+){0,3} (?:format|language)|format (?:your|the|every|each|all|dates?|amounts?|numbers?|prices?)|sentences?|words|paragraphs?|bullet(?:s|ed)?(?: points?)?|characters|emojis?|headings?|in (?:euros?|dollars?|percent|english|german|french|spanish|italian|japanese|chinese|kilometers|celsius|uppercase|upper case|lowercase|lower case|plain text)|iso 8601',
  ),
  modal: words(
    'must|should|shall|always|needs? to|have to|has to|had better|ought to|ensure|make sure|be sure|mandatory|required|required to|please|remember to|at all times|is to be|are to be|expected to|responsible for|takes? precedence|only if|only when|only after|under no circumstances',
  ),
  imperative: start(
    `(?:(?:${englishAdverbs}),? )*(?:never|do not|don'?t|don’t|do|${englishVerbs}|no [a-z])|you (?!are\\b|can\\b|may\\b|have\\b|might\\b|know\\b)\\p{L}+|(?:only|always|never|not) \\p{L}+`,
  ),
  condition: start(
    'if|when|whenever|before|after|for|in case|in (?:all|any|every|case|this|that|such)|unless|once|while|until|where|wherever|as soon as|should',
  ),
  dependency: start('it|this|that|these|those|otherwise|then|also|but|however|except|unless'),
  statement: start(
    "the|this|these|those|our|we|there|it|its|it's|an?|they|their|you (?:can|may|have|know)|users?|customers?|i|provides|requires|supports|contains|includes|returns|handles|allows|enables|holds|has|is|are|lives|describes|defines|implements|useful for",
  ),
  example: start(
    '(?:for )?examples?(?: [a-z ]+)?:|for example,|for instance,|e\\.g\\.|such as|(?:good|bad|sample)(?: [a-z]+)? examples?',
  ),
  facts: heading(
    'background|context|about(?: .+)?|facts|project|project context|overview|tech(?:nology)? stack|stack|project structure|(?:directory|folder|repository|repo) (?:structure|layout)|layout|resources|references|links|see also|faq|contact|company|glossary|definitions|reading',
  ),
};

const german: LanguageCues = {
  disclosing: words(
    'offenleg(?:en|e|st)|preisgeb(?:en|e|t)|gib [\\p{L} ]*preis|verrat(?:en|e|et)?|wiederhol(?:en|e|t)|zeig(?:en|e|t)|teil(?:en|e|t)|nenn(?:en|e|t)|zitier(?:en|e|t)|zusammenfass(?:en|t)|ausgeb(?:en|t)|ausgibt|weitergeb(?:en|t)|mitteil(?:en|t)|erwähn(?:en|e|t)|veröffentlich(?:en|e|t)|übersetz(?:en|e|t)|herausgeb(?:en|t)|auszugeben|preiszugeben|offenzulegen|zusammenzufassen|weiterzugeben',
  ),
  secrets: words(
    '(?:dies(?:e|en|er|es)?|dein(?:e|en|er)?|die|der|den|das|ihre|ihren|ihr|interne[nr]?)(?: (?:folgenden|internen|obigen|untenstehenden|obenstehenden|eigenen|vorstehenden|vertraulichen))* (?:anweisung(?:en)?|regeln?|vorgaben?|system-?prompts?|prompts?|systemanweisung(?:en)?|systemnachricht|instruktion(?:en)?|richtlinien?|hinweise|texte?s?|inhalte?)',
  ),
  refusing: words(
    'nicht|nie|niemals|kein|keine|keinen|keinesfalls|verweiger(?:e|n|st)|lehn(?:e|en|st)|ablehnen|verboten|untersagt|darf|dürfen|antworte(?:n)?(?: [\\p{L}]+)? (?:nur|ausschließlich|lediglich)|ausschließlich mit',
  ),
  confidential: words('vertraulich(?:e|en|er)?|geheim|streng geheim|nicht öffentlich|nur intern'),
  pronouns: words('sie|ihnen|diese|dies|danach|davon|daraus|ihn'),
  identity: start(
    'du bist(?! nicht| verpflichtet| angehalten)|sie sind(?! nicht| verpflichtet| angehalten)|du heißt|dein name ist|ihr name ist|deine (?:rolle|aufgabe) ist|ihre (?:rolle|aufgabe) ist|agiere als|handle als|du agierst als',
  ),
  prohibition: words(
    'nie|niemals|keinesfalls|auf keinen fall|unter keinen umständen|vermeide(?:n sie)?|verzichte(?:n sie)?|unterlass(?:e|en)|verboten|untersagt|nicht (?:erlaubt|gestattet|zulässig)|(?:darf|darfst|dürfen)(?: [\\p{L}-]+){0,8} (?:nicht|kein(?:e|en|em|er)?)|(?:darf|darfst|dürfen) (?:nicht|kein(?:e|en|em|er)?)',
  ),
  weakProhibition: words('kein(?:e|en|em|er|es)?|nicht|ohne'),
  reply: words('antwort(?:e|en|est|et)?|tonfall|anrede|grußformel|siez(?:e|en)|duz(?:e|en)'),
  shape: words(
    'ausgabe(?:n|format)?|sprache|sätze(?:n)?|satz|wörter(?:n)?|absätze(?:n)?|aufzählung(?:en)?|auf deutsch|auf englisch|in euro',
  ),
  modal: words(
    'muss|musst|müssen|soll|sollst|sollen|sollte|sollten|immer|stets|bitte|ausschließlich|unbedingt|zwingend|verpflichtet|erforderlich|(?:ist|sind)(?: [\\p{L}-]+){0,6} zu \\p{L}+en|achte(?:n)? (?:sie )?darauf',
  ),
  imperative: start(
    '(?:(?:bitte|immer|stets|dann|danach|zuerst|zunächst|anschließend|nur|ausschließlich|niemals|nie),? )*(?:\\p{L}+en sie|seien sie|antworte|nenne?|gib|gebe|verwende|nutze|benutze|schreibe?|frage?|verweise?|bleibe?|beende|beginne|sprich|sage?|erkläre|fasse|formuliere|biete|bitte|leite|prüfe|achte|halte|behandle|beachte|befolge|vermeide|verzichte|weise|wiederhole|bestätige|erfinde|rate|runde|lehne|verrate|zeige|teile|stelle|lasse?|mache?|nimm|lies|füge|liste|sei|siez(?:e|en)|duz(?:e|en)|kürze|ergänze|begrüße|informiere|empfiehl|empfehle|erwähne|versprich|verspreche|sende|rufe?|suche?|setze?|versuche|entschuldige|übersetze|berechne|zitiere|vergleiche|melde|schließe|markiere|ignoriere|speichere|ordne|führe|unterbreite|diskutiere|kommentiere)|(?:nie|niemals|immer|stets|keine) \\p{L}+|du (?!bist|hast|kannst|darfst|weißt|möchtest|willst|wirst)\\p{L}+st',
  ),
  condition: start('wenn|falls|sobald|bevor|nachdem|solange|sofern|bei|für|fragt|bittet|will|möchte|verlangt|wird'),
  dependency: start(
    'dies|das (?:ist|gilt|bedeutet|heißt)|sonst|andernfalls|ansonsten|auch|aber|jedoch|außer|allerdings|es (?:sei|gilt)|dann|diese (?:gilt|gelten|regel)',
  ),
  statement: start(
    'die|der|das|den|dem|unser(?:e|en|er)?|wir|es|ein(?:e|en|er)?|in|im|am|seit|kund(?:e|en|innen)|alle',
  ),
  example: start('(?:zum )?beispiel(?:e)?(?: [\\p{L} ]+)?:|zum beispiel|z\\. ?b\\.|beispielsweise'),
  facts: heading(
    'hintergrund|kontext|fakten|überblick|kontakt|kontaktdaten|informationen|wissen|daten|öffnungszeiten|über uns|glossar|stammdaten|wissenswertes',
  ),
};

const french: LanguageCues = {
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
    "tu es(?! pas)|vous êtes(?! pas)|ton rôle|votre rôle|ton nom est|votre nom est|agis en tant|agissez en tant|tu t['’]appelles|vous vous appelez",
  ),
  prohibition: words(
    "(?:ne|n['’])(?:[\\s]?[\\p{L}'’-]+){0,5} (?:jamais|pas|aucune?|plus)|ne pas|jamais|évite[rz]?|interdit|s['’]abstenir|abstenez-vous|abstiens-toi|en aucun cas",
  ),
  weakProhibition: words('sans|aucune?|pas'),
  reply: words('répond(?:s|re|ez)?|réponses?|tutoie|vouvoie|vouvoyez|tutoyez'),
  shape: words('sortie|format|langue|mots|phrases?|paragraphes?|en français|en anglais|en euros'),
  modal: words(
    "dois|devez|doit|doivent|il faut|toujours|veille[rz]? à|assure-toi|assurez-vous|obligatoire(?:ment)?|impérativement|s['’]il (?:te|vous) plaît|uniquement|exclusivement",
  ),
  imperative: start(
    "(?:(?:toujours|ensuite|puis|enfin|si possible|d['’]abord),? )*(?:\\p{L}{3,}(?<!ass)ez|ne \\p{L}+|répond(?:s|re)|utilise(?:r)?|donne(?:r)?|écri(?:s|re)|demande(?:r)?|indique(?:r)?|propose(?:r)?|reste(?:r)?|sois|évite(?:r)?|commence(?:r)?|termine(?:r)?|explique(?:r)?|vérifie(?:r)?|refuse(?:r)?|dis|fais|cite(?:r)?|garde(?:r)?|suis|suivre|parle(?:r)?)",
  ),
  condition: start("si|s['’]il|lorsque|lorsqu['’]\\p{L}+|quand|avant|après|en cas|pour"),
  dependency: start('cela|ceci|sinon|autrement|puis|alors|aussi|mais|cependant|toutefois|sauf|elles?|ils?'),
  statement: start("le|la|les|l['’]\\p{L}+|un|une|notre|nos|nous|il|elle|ce|c['’]est|ces"),
  example: start('exemples?(?: [\\p{L} ]+)? ?:|par exemple'),
  facts: heading('contexte|faits|aperçu|informations|contact|à propos|horaires|données'),
};

const spanish: LanguageCues = {
  disclosing: words(
    'revel(?:ar|es|e|en)|divulg(?:ar|ues|ue)|repit(?:as|a|e)|repetir|compart(?:ir|as|a)|muestr(?:es|e|a)|mostrar|resum(?:ir|as|a|irlas|irlos)|cit(?:ar|es)|traduzc(?:as|a)|traducir|mencion(?:ar|es|e)',
  ),
  secrets: words(
    '(?:estas?|tus?|sus?|las|los|el|la|este|estos|dichas)(?: (?:propias|siguientes))* (?:instrucci(?:ón|ones)|reglas?|normas?|directrices|prompts?|mensaje del? sistema|indicaciones)(?: (?:internas?|del sistema|anteriores))?',
  ),
  refusing: words('no|nunca|jamás|niégate|niéguese|rechaz(?:a|ar|e)|prohibido|únicamente|solo responde'),
  confidential: words('confidencial(?:es)?|secret[oa]s?'),
  pronouns: words('las|los|ellas|ellos|esto|eso|mostrarlas|repetirlas|resumirlas|mostrarlos'),
  identity: start(
    'eres|usted es|actúa como|actúe como|tu (?:función|papel|rol|tarea|nombre) es|su (?:función|papel|rol|tarea|nombre) es|te llamas',
  ),
  prohibition: words(
    'nunca|jamás|evita(?:r)?|evite|prohibido|se prohíbe|no (?:debes|debe|puedes|puede|se permite|está permitido)|en ningún caso|bajo ninguna circunstancia|no \\p{L}{2,}(?:es|as)(?= )',
  ),
  weakProhibition: words('sin|ningún|ninguna|tampoco'),
  reply: words('respond(?:e|er|a|as)|respuestas?|contest(?:a|ar|e)|tono|tutea|trata de usted'),
  shape: words('salida|formato|idioma|palabras|frases|oraciones|párrafos?|en español|en inglés|en euros'),
  modal: words(
    'debes|debe|deben|deberás|siempre|tienes que|tiene que|hay que|asegúrate|asegúrese|obligatorio|por favor|únicamente|exclusivamente',
  ),
  imperative: start(
    '(?:(?:siempre|nunca|después|luego|primero|si es posible),? )*(?:no \\p{L}+(?:es|as|e|a)|responde|responda|contesta|usa|use|utiliza|utilice|escribe|escriba|da|dé|indica|indique|pregunta|pregunte|ofrece|mantén|mantenga|sé|evita|evite|termina|termine|empieza|explica|explique|verifica|verifique|rechaza|cita|sigue|siga|habla|hable|muestra|incluye|incluya|di|diga|haz|haga|pide|pida|remite|deriva)',
  ),
  condition: start('si|cuando|antes|después de|en caso|para|al'),
  dependency: start('esto|eso|de lo contrario|si no|entonces|también|pero|sin embargo|salvo|excepto'),
  statement: start('el|la|los|las|un|una|nuestr[oa]s?|este|esta|hay'),
  example: start('ejemplos?(?: [\\p{L} ]+)?:|por ejemplo'),
  facts: heading('contexto|datos|hechos|resumen general|información|contacto|horarios?|acerca de'),
};

const japanese: LanguageCues = {
  disclosing: /開示|公開|明か|漏ら|教え|共有|繰り返|表示/,
  secrets: /指示|プロンプト|ルール|規則|設定/,
  refusing: /ない|禁止|断|拒否|ません/,
  confidential: /機密|秘密|非公開/,
  pronouns: /これら|それら|それ/,
  identity: /^(?:あなたは.*(?:です|だ|である)[。]?$|あなたの(?:役割|名前)は)/,
  prohibition: /ないでください|しないこと|ないこと|てはいけ|てはなら|禁止|決して|絶対に.*(?:ない|ません)|避け/,
  weakProhibition: never,
  reply: /回答|返答|返信|応答|敬語/,
  shape: /出力|日本語で|英語で|形式|文字以内|文以内/,
  modal: /てください|必ず|すること|ましょう|必要があ|べき|常に/,
  imperative: /(?:する|使う|用いる|守る|書く|避ける|せよ|しろ)[。]?$/,
  condition: /^.{1,40}(?:場合|とき|時)は?/,
  dependency: /^(?:これは|それは|ただし|しかし|また|そして|それ以外|さもなければ)/,
  statement: /^(?:当社|弊社|私たち|この)/,
  example: /^(?:例[:：]|例えば|たとえば)/,
  facts: /(?:背景|概要|情報|連絡先|参考)/,
};

export const languages: readonly LanguageCues[] = [english, german, french, spanish, japanese];

/** Words of emphasis that authors set in capitals. */
export const stressWords = new Set(
  (
    'must never always important critical required mandatory not no only all every any shall should avoid before after exactly ' +
    'immediately warning note stop first strictly absolutely do dont cannot unless forbidden essential ' +
    'nie niemals immer muss müssen darf nicht wichtig nur kein keine keinesfalls stets zwingend unbedingt ' +
    'jamais toujours doit devez obligatoire interdit uniquement seulement attention ' +
    'nunca siempre debe debes obligatorio prohibido solo sólo importante'
  ).split(' '),
);
