import { heading, start, wholeHeading, words, wordSet, type LanguageCues } from './languageCues.ts';

export const portuguese: LanguageCues = {
  disclosing: words(
    'revel(?:ar|e|es)|divulg(?:ar|ue|ues)|compartilh(?:ar|e|es)|partilh(?:ar|e|es)|mostr(?:ar|e|es)|repet(?:ir)|repita|resum(?:ir|a)|cit(?:ar|e)|tradu(?:zir|za)|expo(?:r|nha)',
  ),
  secrets: words(
    '(?:estas?|suas?|tuas?|as|os|o|a|este|estes)(?: (?:próprias|seguintes))* (?:instruç(?:ão|ões)|regras?|diretrizes|prompts?(?: do sistema)?|mensagem do sistema|orientações)',
  ),
  refusing: words('não|nunca|jamais|recus(?:e|ar)|proibid[oa]'),
  confidential: words('confidencia(?:l|is)|secret[oa]s?|sigilos[oa]s?'),
  pronouns: words('las|los|elas|eles|isso|isto|as|os'),
  identity: start(
    'você é|tu és|o senhor é|seu (?:papel|nome) é|sua função é|aja como|atue como|você se chama|você trabalha (?:para|como)',
  ),
  prohibition: words(
    'nunca|jamais|evite|evitar|proibid[oa]|não (?:deve|pode|é permitido)|em hipótese alguma|de forma alguma|abstenha-se',
  ),
  weakProhibition: words('nenhum|nenhuma|não'),
  contrast: start('(?:(?:e|mas|nem) )?(?:nunca|jamais|não \\p{L}+|evite)'),
  reply: words('respond(?:a|er)|respostas?|tom'),
  shape: words(
    'formato|idioma|palavras|frases|parágrafos?|em português|em inglês|em reais|em euros|tabela|lista|negrito|maiúsculas|minúsculas|caracteres|breves?',
  ),
  limit: words('no máximo|no mínimo|ao menos|não mais de|máximo|(?:é|são) (?:sempre )?(?:escrit[oa]s?|indicad[oa]s?)'),
  modal: words(
    'deve|devem|deverá|sempre|tem que|é preciso|é necessário|certifique-se|obrigatóri[oa]|por favor|exclusivamente|(?:sua|seu) (?:tarefa|objetivo|missão) é',
  ),
  tentative: words('deveria|se possível|de preferência|prefira|procure|tente|pode'),
  imperative: start(
    '(?:(?:sempre|depois|então|primeiro|se possível),? )*(?:não \\p{L}+[aeo]|responda|use|utilize|escreva|dê|indique|pergunte|ofereça|mantenha|seja|evite|termine|comece|explique|verifique|recuse|cite|siga|fale|mostre|inclua|diga|faça|peça|envie|ajude|recomende|confirme|chame|busque|procure|escolha|resuma|traduza|classifique|leia|consulte|avise|sugira|informe|encaminhe|\\p{L}{3,}[ae](?= (?:o|a|os|as|um|uma|ao|à|seu|sua|sempre) ))|você (?!é|pode|tem|sabe)\\p{L}+',
  ),
  condition: start('se|quando|antes|depois de|em caso|caso'),
  dependency: start('isso|isto|caso contrário|senão|então|também|mas|porém|no entanto|exceto|salvo'),
  statement: start('o|a|os|as|um|uma|noss[oa]s?|este|esta|há'),
  example: start('exemplos?(?: [\\p{L} ]+)?:|por exemplo'),
  facts: heading('contexto|dados|fatos|informações|contato|horários?|visão geral'),
  avoided: wholeHeading('(?:proibid[oa]s?|proibições|a evitar|o que evitar|o que não fazer|não faça|nunca)'),
  required: heading('regras|instruções|tarefas?|passos|obrigações|princípios|comportamento'),
  formats: heading('formato|formato de (?:saída|resposta)|saída|respostas?|tamanho'),
  formatLeadIn: words(
    '(?:estrutura|formato) (?:da|do|de cada) \\p{L}+|(?:estes|os seguintes) (?:campos|itens)|(?:resposta|relatório|resumo) (?:contém|inclui)',
  ),
  functionWords: wordSet(
    'os é não um uma para com da em você na dos das ao que sempre nunca mais seu sua são quando ou',
  ),
};
