/**
 * What tells languages of one script apart: frequent small words, and letters that the others do not have. Chosen by hand;
 * see `languageOf.ts` for how they are weighed and what they cannot do.
 */
export interface LanguageProfile {
  readonly name: string;
  readonly script: Script;
  /** Frequent words, lower-case. */
  readonly words: ReadonlySet<string>;
  /** Letters or letter groups that are rare elsewhere in its script. */
  readonly marks: RegExp | undefined;
}

export type Script =
  | 'Latin'
  | 'Cyrillic'
  | 'Arabic'
  | 'Devanagari'
  | 'Han'
  | 'Kana'
  | 'Hangul'
  | 'Thai'
  | 'Hebrew'
  | 'Greek'
  | 'Bengali'
  | 'Tamil'
  | 'Telugu'
  | 'Kannada'
  | 'Malayalam'
  | 'Gujarati'
  | 'Gurmukhi';

const profile = (name: string, script: Script, words = '', marks?: RegExp): LanguageProfile => ({
  name,
  script,
  words: new Set(words.split(' ').filter((word) => word !== '')),
  marks,
});

/** By ISO 639-1 code; Chinese by its two ways of writing, as the reference's detector names them. */
export const languageProfiles: Readonly<Record<string, LanguageProfile>> = {
  en: profile(
    'English',
    'Latin',
    "the of and to a in is it you that he was for on are with as i his they be at one have this from or had by but not what all were we when your can said there use an each which she do how their if will up about out many then them these so some her would make like him into time has look more write go see no way could people my than been who its now find down did get come made may i'm it's don't you're please thank here our because very just where any also should after hello good",
  ),
  es: profile(
    'Spanish',
    'Latin',
    'de la que el en y a los se del las un por con no una su para es al lo como más pero sus le ya o este sí porque esta entre cuando muy sin sobre también me hasta hay donde quien desde todo nos durante todos uno les ni contra otros ese eso ante ellos e esto mí antes algunos qué unos yo otro tanto esa estos mucho nada muchos cual poco ella estar estas mi tu te está son tiene gracias puede buenos hola usted',
    /[ñ¿¡]/gu,
  ),
  pt: profile(
    'Portuguese',
    'Latin',
    'de a o que e do da em um para é com não uma os no se na por mais as dos como mas foi ao ele das tem à seu sua ou ser quando muito há nos já está eu também só pelo pela até isso ela entre era depois sem mesmo aos ter seus quem nas me esse eles estão você tinha foram essa num nem suas meu às minha têm numa pelos elas havia seja qual será nós tenho lhe deles obrigado são olá pode',
    /[ãõ]|ção|ções|nh[oa]/gu,
  ),
  fr: profile(
    'French',
    'Latin',
    "le de un à être et en avoir que pour dans ce il qui ne sur se pas plus par je avec tout faire son mettre autre on mais nous comme ou si leur y dire elle devoir avant deux même prendre aussi celui donner bien où fois vous encore nouveau aller cela entre premier vouloir déjà grand mon me moins aucun lui temps très savoir falloir voir quelque sans raison notre les la des du une est sont au aux ces cette sa ses c'est d'un d'une l'on qu'il j'ai votre vos merci bonjour peut était a été",
    /[œç]|(?<!\p{L})[ldjcnsm]['’]|eau|aux(?!\p{L})/gu,
  ),
  de: profile(
    'German',
    'Latin',
    'der die und in den von zu das mit sich des auf für ist im dem nicht ein eine als auch es an werden aus er hat dass sie nach wird bei einer um am sind noch wie einem über einen so zum war haben nur oder aber vor zur bis mehr durch man sein wurde sei ich wir ihr du mir mich uns kann können wenn was wer wo hier dieser diese dieses keine kein sehr gut bitte danke hallo ihre ihnen unter gegen schon',
    /[ß]|(?<!\p{L})sch|[äöü]/gu,
  ),
  it: profile(
    'Italian',
    'Latin',
    "di e il la che è per un in non sono una del con i da si le della al dei come ma anche più lo gli nel alla ha delle se o sua su questo dal suo ci mi perché nella tra stato molto essere io tutti dalla quando ho loro cosa questa hanno due dopo prima senza ancora lei lui noi voi poi fare può dell l' c'è così ogni dove era sia grazie ciao buongiorno",
    /\b(?:dell|nell|all|dall|sull|un|quest)['’]|zion[ei]|gli(?!\p{L})/gu,
  ),
  pl: profile(
    'Polish',
    'Latin',
    'i w nie na się z jest do to że jak o dla ale od po przez czy tak są za co być oraz tym ma może które który która tylko już jego jej ich ten ta te tego przy ze mnie był była było można więc jeśli gdy bardzo także lub między bo ja ty my wy pan dziękuję proszę dzień dobry',
    /[łąęśźżćń]/gu,
  ),
  vi: profile(
    'Vietnamese',
    'Latin',
    'là và của có không một người những được cho với này các trong để khi đã tôi bạn như thì mà ra đến từ cũng vào trên ở về nhiều làm đó sẽ rất nếu hay hoặc chúng ta',
    /[ơưđăạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹ]/gu,
  ),
  sw: profile(
    'Swahili',
    'Latin',
    'na ya wa kwa ni katika la za cha hii kuwa kama lakini pia au sana yake watu hiyo hivyo kila mtu si ili vya huu yangu yako wetu wao mimi wewe sisi ambao ambayo baada kabla hapa kutoka hadi bado tu zaidi moja hakuna asante habari',
  ),
  fi: profile(
    'Finnish',
    'Latin',
    'ja on ei se että hän oli mutta tai kun niin myös joka ovat voi sen kanssa kuin mitä tämä minä sinä me te he olen olet jos vain nyt hyvin sekä ole en eivät siitä tässä mikä kaikki ennen jälkeen koska vielä paljon kiitos hei',
    /ää|yö|[aeiouyäö]ss[aä](?!\p{L})|uu|ii/gu,
  ),
  nl: profile(
    'Dutch',
    'Latin',
    'de van het een en in is dat op te zijn met voor niet aan er om ook als dan maar bij of uit nog worden door naar heeft hij ze wordt tot je wij zij deze die dit kan over meer geen wel was hebben al onze ik u jij haar zich veel zeer goed dank hallo omdat wanneer',
    /ij|aa|oo[^\s]|[^\s]ee[^\s]|sch/gu,
  ),
  sv: profile(
    'Swedish',
    'Latin',
    'och att det som en på är av för med till den har de inte om ett men var jag sig från vi så kan man när år vid eller nu här mycket också efter hon han skulle vara där över deras alla mot bara du tack hej',
    /[å]|[äö]/gu,
  ),
  da: profile(
    'Danish',
    'Latin',
    'og at det er en til på i for af den som med de ikke der et har var om jeg men vi så han sig kan fra eller hun nu meget også efter være hvor hvad alle mod kun du tak hej blev deres skal vil når',
    /[æøå]/gu,
  ),
  no: profile(
    'Norwegian',
    'Latin',
    'og i det på som er en til å han av for med at var de ikke den har jeg om et men så seg hun fra vi bare kan eller nå også etter være hvor hva alle mot du takk hei ble deres skal vil når mye noe meg',
    /[æøå]/gu,
  ),
  tr: profile(
    'Turkish',
    'Latin',
    'bir ve bu da de için ile çok ne daha gibi ama olarak var o sonra kadar en ben sen biz siz onlar değil mi olan her şey ya ki nasıl neden şu teşekkürler merhaba olduğu',
    /[ğış]/gu,
  ),
  cs: profile(
    'Czech',
    'Latin',
    'a se v na je že to s z do o i k ve pro za by ale si po jako podle od jsem tak jsou které který však jeho bude nebo až při už jen být má také není co aby můj velmi děkuji ahoj',
    /[ěřů]/gu,
  ),
  ro: profile(
    'Romanian',
    'Latin',
    'de și în la a cu pe o nu un că din pentru care este sau mai se ce dar sunt au fost prin după acest această lui ei noi voi este foarte când unde mulțumesc bună',
    /[șțăţş]/gu,
  ),
  hu: profile(
    'Hungarian',
    'Latin',
    'a az és hogy nem is egy ez van de meg csak mint már volt el ki lesz vagy azt ha még minden nagyon mert kell én te mi ők lehet köszönöm szia',
    /[őű]/gu,
  ),
  id: profile(
    'Indonesian',
    'Latin',
    'yang dan di untuk dengan ini itu tidak dari dalam pada adalah akan atau juga saya anda kami bisa ada mereka ke sebagai oleh karena lebih telah sudah dapat seperti kita sangat terima kasih apa',
  ),
  ru: profile(
    'Russian',
    'Cyrillic',
    'и в не на я что он с как это по но они к у ты из мы за вы так же от был для до бы о все его если или когда мне очень вот нет даже может быть есть был она при чтобы это',
    /[ыэё]/gu,
  ),
  uk: profile(
    'Ukrainian',
    'Cyrillic',
    'і в не на що я з та це як у до за але він його від ми ви вони або для про є був бути так якщо коли дуже може також ця цей її',
    /[іїєґ]/gu,
  ),
  bg: profile(
    'Bulgarian',
    'Cyrillic',
    'и на да в е се не за от с си по са които като че но той ще това до или който има го може при след бъде тя много ли те към само е съм',
    /ъ|[а-я]т[ао](?!\p{L})/gu,
  ),
  ar: profile(
    'Arabic',
    'Arabic',
    'في من على إلى أن هذا هذه التي الذي ما لا كان عن مع كل هو هي ذلك بين أو قد لم عند بعد كما إن إذا أنا نحن يكون',
    /[ةىأإكي]/gu,
  ),
  fa: profile(
    'Persian',
    'Arabic',
    'و در به از که این را با است برای آن یک تا می بر هم شود خود شد کند ها او ما شما بود نیست اما یا هر اگر من',
    /[پچژگی‌ک]/gu,
  ),
  ur: profile(
    'Urdu',
    'Arabic',
    'کے میں کی ہے اور سے کا کو پر یہ نے ہیں کہ اس ایک تھا بھی ہو نہیں کر جو وہ ان تو ہم آپ لیے گا',
    /[ٹڈڑےںھہ]/gu,
  ),
  hi: profile(
    'Hindi',
    'Devanagari',
    'के में की है और से का को पर यह ने हैं कि इस एक था भी हो नहीं कर जो वह उन तो हम आप लिए गया करते अपने मैं',
  ),
  mr: profile(
    'Marathi',
    'Devanagari',
    'आहे आणि या हे मध्ये तो ती ते आहेत होते एक च्या साठी पण नाही मी आम्ही तुम्ही काय असे करून होता केले त्या व की आपण',
    /[ळ]|च्या|ांनी|ामध्ये|मध्ये/gu,
  ),
  ne: profile(
    'Nepali',
    'Devanagari',
    'छ र को मा छन् हो यो पनि लाई ले गर्न भएको थियो तर हरू म हामी तपाईं के एक गर्ने भने हुन्छ त्यो सबै',
    /हरू|हरु|को(?!\p{L})|लाई|छन्|हुन्छ|गर्न/gu,
  ),
  'zh-cn': profile('Chinese (simplified)', 'Han', '', /[们这国为时来个会说对发经后过还没与东车马书长门问见开]/gu),
  'zh-tw': profile('Chinese (traditional)', 'Han', '', /[們這國為時來個會說對發經後過還沒與東車馬書長門問見開]/gu),
  ja: profile('Japanese', 'Kana'),
  ko: profile('Korean', 'Hangul'),
  th: profile('Thai', 'Thai'),
  he: profile('Hebrew', 'Hebrew'),
  el: profile('Greek', 'Greek'),
  bn: profile('Bengali', 'Bengali'),
  ta: profile('Tamil', 'Tamil'),
  te: profile('Telugu', 'Telugu'),
  kn: profile('Kannada', 'Kannada'),
  ml: profile('Malayalam', 'Malayalam'),
  gu: profile('Gujarati', 'Gujarati'),
  pa: profile('Punjabi', 'Gurmukhi'),
};
