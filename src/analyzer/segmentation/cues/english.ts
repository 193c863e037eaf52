import { heading, start, wholeHeading, words, wordSet, type LanguageCues } from './languageCues.ts';

const verbs =
  'abide|abort|accept|acknowledge|act|adapt|add|address|adhere|adjust|adopt|aim|allow|analy[sz]e|annotate|answer|apologi[sz]e|append|apply|ask|assess|assign|assume|attach|avoid|balance|base|batch|be|begin|behave|break|bring|build|cache|calculate|call|capitali[sz]e|capture|catch|center|check|choose|cite|clarify|classify|clean|close|combine|comment|commit|communicate|compare|complete|compose|compute|conclude|configure|confirm|consider|consult|contact|continue|convert|copy|correct|count|cover|create|decide|declare|decline|default|defer|define|delegate|delete|deliver|deploy|describe|design|detect|determine|develop|direct|disable|discuss|display|divide|document|double-check|draft|edit|emit|emphasi[sz]e|employ|enable|encourage|end|enforce|engage|ensure|escalate|establish|estimate|evaluate|examine|exclude|execute|expect|explain|explore|export|expose|express|extract|fall back|favor|favour|fetch|fill|filter|find|finish|fix|flag|focus|follow|format|gather|generate|get|give|go|greet|group|guide|handle|help|highlight|identify|ignore|implement|import|include|increase|indent|indicate|infer|inform|initiali[sz]e|insert|inspect|install|integrate|introduce|invoke|isolate|keep|label|launch|lead|learn|leave|let|leverage|limit|link|list|listen|load|locate|log|look|maintain|make|manage|map|mark|match|measure|mention|merge|minimi[sz]e|mock|model|modify|monitor|move|name|normali[sz]e|note|notify|obey|offer|omit|open|optimi[sz]e|order|organi[sz]e|output|parse|pass|pause|perform|pick|place|plan|point|prefer|prefix|prepare|present|preserve|prevent|print|prioriti[sz]e|process|produce|promote|prompt|propose|protect|provide|pull|push|put|quote|raise|rank|read|reason|recommend|record|redirect|reduce|refactor|refer|reference|refrain|refuse|reject|rely|remain|remember|remind|remove|rename|render|reopen|repeat|rephrase|replace|reply|report|represent|request|require|research|reserve|resolve|respect|respond|restate|restrict|return|reuse|review|rewrite|round|route|run|sanitize|save|say|scan|schedule|search|select|send|separate|serve|set|share|show|sign|simplify|skip|solve|sort|speak|specify|split|start|state|stay|stick|stop|store|strip|structure|submit|suggest|summari[sz]e|support|surround|tag|tailor|take|talk|tell|test|think|track|transfer|transform|translate|treat|trim|try|turn|understand|update|upgrade|use|utili[sz]e|validate|verify|wait|walk|warn|watch|work|wrap|write|admit|advise|align|amend|archive|arrange|award|back up|block|book|bring up|bump|cap|centre|chain|clear|collect|colou?r|comfort|compile|compress|concatenate|crop|debug|decrease|deny|depict|derive|dismiss|distinguish|download|draw|drop|elaborate|elicit|embed|encode|enter|equip|fail|finali[sz]e|flatten|forward|frame|freeze|hand over|hide|hoist|hold|illustrate|inject|interpret|invite|join|judge|jump|justify|lint|lock|lower|mask|mirror|mix|mute|navigate|nest|notice|number|observe|outline|override|own|pair|paraphrase|patch|pin|ping|point out|polish|post|practi[sc]e|praise|prepend|probe|profile|pronounce|prune|publish|query|react|rebase|recall|recap|recheck|recover|refund|release|remark|reproduce|reset|retain|retry|reveal|rotate|scale|scroll|seed|shorten|signal|sketch|source|steer|subtract|surface|swap|switch|sync|synthesi[sz]e|tackle|thank|throw|tidy|tie|trace|transcribe|trigger|tune|type|underline|undo|unify|upload|vary|view|visit|weigh|welcome|withhold';
const adverbs =
  'please|always|only|also|then|first|second|third|next|finally|instead|otherwise|just|simply|where possible|when possible|if possible|if needed|if necessary|by default|in all cases|at the end|\\p{L}+ly';

export const english: LanguageCues = {
  disclosing: words(
    'disclos(?:e|es|ing)|reveal(?:s|ing)?|repeat(?:s|ing)?|shar(?:e|es|ing)|show(?:s|ing)?|print(?:s|ing)?|output(?:ting)?|summari[sz](?:e|es|ing)|translat(?:e|ing)|quot(?:e|ing)|expos(?:e|ing)|leak(?:s|ing)?|discuss(?:ing)?|mention(?:ing)?|paraphras(?:e|ing)|recit(?:e|ing)|describ(?:e|ing)|giv(?:e|ing) (?:out|away)|tell(?:ing)?|provid(?:e|ing)|list(?:ing)?|cit(?:e|ing)|restat(?:e|ing)',
  ),
  secrets: words(
    '(?:this|these|those|your|the|my|any|any of|parts? of|all|its|our)(?: (?:of|these|this|the|your|own|above|below|following|preceding|previous|system|hidden|internal|initial|original|confidential|custom|secret|exact))*[ -](?:instructions?|system[ -]?prompt|prompts?|rules?|guidelines?|system message|configuration|directives?|text above)|(?:system|hidden|internal) (?:prompts?|instructions?|messages?|rules)',
  ),
  refusing: words(
    "do not|don'?t|don’t|never|must not|mustn'?t|may not|cannot|can'?t|should not|shouldn'?t|not allowed to|refuse|decline|avoid|refrain|under no circumstances|not (?:reveal|share|disclose|repeat)|forbidden|prohibited|only reply|only respond|only answer",
  ),
  confidential: words(
    'confidential|secret|private|not public|internal only|for internal use|(?:is|are|remains?|stays?|strictly) internal',
  ),
  pronouns: words('them|it|these|this|those|that|so'),
  identity: start(
    "you(?: are|'re|’re)(?! (?:not(?! an?\\b)|never|only|always|required|expected|allowed|permitted|free|able|encouraged|forbidden|prohibited|to)\\b)|act as|your (?:role|name|character|persona|expertise|special(?:i)?ty|background) is|your role:|you speciali[sz]e in|you have [\\p{L}\\d]+ years of|you work (?:for|as|at)|(?:you )?pretend to be|play (?:the (?:role|part|character) of|an?|mrs?|ms)|\\{\\{char\\}\\} (?:is|was)|(?:name|age|occupation|profession|gender|species|personality|traits|persona) ?:|assume the role|behave as|take on the role|you will (?:act|play|serve) as|you act as|you serve as|you play",
  ),
  prohibition: words(
    "(?<=^[^\\p{L}]*(?:(?:you|please|also|then|always|instead|so|and|but|or) )?|[,;:(—–-] ?(?:(?:and|but|or|so|please|you|then) )?|(?:and|but|or|so|please|that you) )(?:do not|don'?t|don’t)|(?<!(?:we|they|i|it|has|have|who|that|which|had) )never|(?<!(?:who|that|which) )(?:must not|mustn'?t|should not|shouldn'?t|shall not)|(?:you|agents?|assistant|model) may not|you cannot|you can'?t|(?<!(?<!(?:need|try|sure|have|want|remember|order|aim|careful) )to )(?:avoid|refrain)|not allowed|not permitted|under no circumstances|forbidden|prohibited|no longer use|(?:is|are) not to be|not even|(?<=^[^\\p{L}]*)no (?!one\\b|longer\\b|matter\\b|doubt\\b|problem\\b|need\\b)\\p{L}+",
  ),
  weakProhibition: words(
    'neither|(?:use|give|make|offer|add|include|write|show|leave|accept|ask|take|promise) (?:\\p{L}+ )?no (?!more|less|fewer|longer|later|earlier|matter)\\p{L}+',
  ),
  contrast: start(
    "(?:(?:and|but|or|so|yet) )?(?:never|do not|don'?t|don’t|must not|avoid|refrain|under no circumstances)",
  ),
  reply: words(
    '(?:your|every|each|all|any|the final) (?:final |entire |whole )?(?:responses?|repl(?:y|ies)|answers?|output|messages?)|(?:respond|reply|answer|speak|write|communicate)(?:s|ing)? (?:(?:\\p{L}+ly|only|to (?:the user|users|them|customers|everything|every question)) )*(?:in|with|as|using|at most|within|briefly|concisely|succinctly|only (?:in|with))|answer every question with|(?:respond|reply|answer|say|write|output|return|print|send)(?:s|ing)? (?:only |with |just |exactly |with the \\p{L}+ )*\uE000|keep (?:your |every |all |the )?(?:answers?|repl(?:y|ies)|responses?)',
  ),
  shape: words(
    '(?<=^[^\\p{L}]*)output(?! (?:dir|directory|folder|file|path|hygiene)(?!\\p{L}))(?= \\p{L})|your output|(?:as|in|into|valid|only|return|output|respond|reply|produce|emit|be|using|with|single) (?:[\\p{L}-]+ ){0,2}json(?![-/\\w]|\\.\\w)(?! (?:files?|parsing|manifest|schemas?|objects? (?:is|are)))|(?:in|as|use|using|valid) (?:[\\p{L}-]+ ){0,2}markdown(?![-/\\w]|\\.\\w)(?! (?:files?|syntax|document\\p{L}*|comments?))|format(?:ted)? (?:as|in)|(?:in|as|with|using|following|this|the)(?: [\\p{L}-]+){0,3} (?:format|language)|format (?:your|the|every|each|all|dates?|amounts?|numbers?|prices?)|sentences?|words|paragraphs?|phrases|(?:as|in|into|with) (?:an? |the |one |two )?(?:[\\p{L}-]+ )?(?:table|list|haiku|poem|(?:code|fenced) block|columns?)|(?:numbered|ordered|bulleted) (?:list|points?|items?)|number the (?:steps|items|points|sections)|bold|italics?|in (?:capitals|brackets|parentheses|quotes|double quotes|quotation marks|square brackets|round brackets|code font)|between asterisks|(?:metric|imperial|si) units|(?:24|12)-hour|(?:two|one|three|no|\\d) decimals?|decimal places?|separators?|currency (?:after|before|symbol|code|sign)|(?:past|present|future) tense|(?:first|second|third) person|(?:write|give|state|put|show) (?:\\p{L}+ )?(?:dates|times|numbers|amounts|prices|links)|contractions|slang|(?:plain|simple) (?:english|words|language)|be (?:concise|brief|succinct|terse)|keep (?:it|them|\\p{L}+|your \\p{L}+|every \\p{L}+) (?:short|brief|concise|succinct|under|below|between|to)|(?:maximum|minimum) length(?= ?:)|length of (?:the|your|each) (?:answer|reply|response|summary)|(?:one|a single|two) (?:page|word|pages)|(?:end|close|finish|begin|conclude|sign off)(?: \\p{L}+){0,3} with|cite|citations?|word for word|verbatim|mark (?:\\p{L}+ ){1,3}with|refer to (?:\\p{L}+ ){1,3}(?:by|as)|subject lines?|headlines?|bullet(?:s|ed)?(?: points?)?|\\d[\\d,.]* characters?|characters? (?:long|maximum)|emojis?|headings?|in (?:british english|american english|lower case|upper case|euros?|dollars?|percent|english|german|french|spanish|italian|japanese|chinese|kilometers|celsius|uppercase|upper case|lowercase|lower case|plain text)|iso 8601',
  ),
  modal: words(
    '(?<!(?:who|that|which) )must|should|shall|always|needs? (?:to|an?|at least)|needs?(?= ?:)|have to|has to|had better|ought to|ensure|make sure|be sure|mandatory|required|required to|please|remember to|at all times|is to be|are to be|expected to|responsible for|takes? precedence|only if|only when|only after|under no circumstances',
  ),
  limit: words(
    '(?:has|have|is|are|be|contains?|takes?|fits?) (?:at most|at least|no more than|no longer than|exactly|up to|a maximum of|between \\d+)|(?:is|are) (?:always |never )?(?:written|given|stated|formatted|quoted|printed|spelled|capitali[sz]ed|wrapped|separated|kept)|max(?:imum)?|at most|(?:starts?|ends?|begins?) (?:with|at)|goes? in|no more than|not exceed',
  ),
  tentative: words(
    'should|try to|prefer(?:ably)?|ideally|if possible|where possible|when possible|whenever possible|if you can|consider|may|might|where appropriate|as far as possible|generally|usually|recommended|encouraged|aim to|feel free',
  ),
  imperative: start(
    `(?:(?:${adverbs}),? )*(?:never|do not|don'?t|don’t|do|${verbs}|no (?!one\\b|longer\\b|matter\\b|doubt\\b|problem\\b)\\p{L}+)|your (?:jobs?|tasks?|goals?|objectives?|purpose|mission|responsibilit(?:y|ies)|dut(?:y|ies)) (?:is|are)|you (?!are\\b|can\\b|have\\b|might\\b|know\\b|lost\\b|grew\\b|were\\b|was\\b|had\\b|came\\b|went\\b|did\\b|met\\b|saw\\b|spent\\b|\\p{L}+ed\\b)\\p{L}+|(?:only|always|never|not) \\p{L}+`,
  ),
  condition: start(
    'if|when|whenever|before|after|for|in case|in (?:all|any|every|case|this|that|such)|unless|once|while|until|where|wherever|as soon as|should',
  ),
  dependency: start("it|it['’]s|this|that|these|those|they|otherwise|then|also|but|however|except|unless"),
  statement: start(
    "the|this|these|those|our|we|there|it|its|it's|an?|they|their|you (?:can|may|have|know)|users?|customers?|i|provides|requires|supports|contains|includes|returns|handles|allows|enables|holds|has|is|are|lives|describes|defines|implements|useful for",
  ),
  example: start(
    '(?:for )?examples?(?: [a-z ]+)?:|for example,|for instance,|e\\.g\\.|such as|(?:good|bad|sample)(?: [a-z]+)? examples?|examples? of (?:[a-z]+ ){0,4}[a-z]+:|(?:good|bad|right|wrong|correct|incorrect|better):',
  ),
  facts: heading(
    'background|context|about(?: .+)?|facts|project|project context|overview|tech(?:nology)? stack|stack|project structure|(?:directory|folder|repository|repo) (?:structure|layout)|layout|resources|references|links|see also|faq|contact|company|glossary|definitions|reading',
  ),
  avoided: wholeHeading(
    "(?:the )?(?:don['’]?ts?|do not|never|avoid|things to avoid|what (?:you|to) (?:should )?avoid|what not to do|prohibitions?|(?:forbidden|prohibited|off-limits|banned)(?: (?:topics|actions|words|behaviou?rs?|content))?|not allowed|you (?:must|should) (?:not|never)|never do(?: this| the following)?|no-gos?|anti-?patterns?)",
  ),
  required: heading(
    "do['’]?s|do|always|rules?|guidelines|conventions?|requirements|instructions|tasks?|steps|responsibilities|principles|best practices|constraints|what to (?:do|collect|check|ask)|checklist|behaviou?r|code style|style guide|workflow|process|procedure",
  ),
  formats: heading(
    'output|output format|format|response format|reply format|answer format|output structure|output rules|length|how (?:you|to) (?:write|answer|reply|respond)|answers|responses|replies|language|speech|dates|units|numbers|structure of the (?:answer|reply|response|report|output|summary)',
  ),
  formatLeadIn: words(
    '(?:structure|format|layout|shape|sections|parts) of (?:the|your|each|every) (?:\\p{L}+ )?(?:answer|reply|response|report|output|summary|message)|(?:these|the following|this|two|three|four|five) (?:keys|fields|sections|parts|properties|columns|headings|paragraphs|format|structure|shape|layout)|(?:answer|reply|response|report|output|summary|message) (?:has|must have|must contain|contains|should contain|must include|includes|should include|consists of)',
  ),
  functionWords: wordSet(
    'the and of to is you your with not for it that are be or if when this as on from by an do at have any all their',
  ),
};
