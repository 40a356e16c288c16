/** What a definition says in its own favour. Counts for nothing, and its words are no verbs. */
const CLAIMS =
  /\b(?:read[- ]?only|readonly|non[- ]?destructive|write[- ]?only|copy[- ]?on[- ]?write|side[- ]?effects?|(?:100% |completely |perfectly |totally )?(?:safe|harmless)(?: to (?:use|call|run|execute|invoke))?)\b/giu;

/** `Only reads`, `never modifies anything`: claims in the form of a verb. */
const VERBAL_CLAIMS =
  /\b(?:only|just|merely) (?:ever )?(?:reads?|views?|lists?|looks?|gets?)\b|\b(?:does not|do not|doesn't|don't|never|cannot|can't|will not|won't|without) (?:modif|chang|alter|delet|writ|creat|remov|updat|affect|execut|destroy|harm|touch)[a-z]{0,6}\b(?: (?:any|anything|data|files?|state|the))?/giu;

/** The same claim in other languages. */
const FOREIGN_CLAIMS =
  /只读|唯讀|読み取り専用|読取専用|읽기 ?전용|только для чтения|(?:de )?s[oó]lo (?:de )?lectura|(?:en )?lecture seule|somente (?:de )?leitura|apenas leitura|schreibgeschützt|nur lesend|nur zum lesen/giu;

/** The text without what it says in its own favour. */
export function withoutClaims(text: string): string {
  return text.replace(CLAIMS, ' ').replace(VERBAL_CLAIMS, ' ').replace(FOREIGN_CLAIMS, ' ');
}

/**
 * Text that speaks to the model instead of describing the tool. Bounded repetitions only: the text is hostile.
 * `words`: one of them, in lower case, stands in every text that matches; looking for them first is many times faster.
 */
export const MODEL_INSTRUCTIONS: readonly { readonly words: readonly string[]; readonly pattern: RegExp }[] = [
  {
    words: ['ignore', 'disregard', 'forget', 'override'],
    pattern: /\b(?:ignore|disregard|forget|override)\b.{0,30}\b(?:previous|prior|above|earlier|other|all)\b.{0,20}\b(?:instruction|rule|prompt|message|guideline|polic)/iu,
  },
  {
    words: ['tell', 'inform', 'mention', 'reveal', 'disclose', 'notify', 'alert'],
    pattern: /\b(?:do not|don't|never|must not|without) (?:\w+ ){0,3}?(?:tell|telling|inform|informing|mention|mentioning|reveal|revealing|disclose|notify|notifying|alert|alerting)(?: \w+){0,3} (?:the )?(?:user|human|operator)/iu,
  },
  {
    words: ['without'],
    pattern: /\bwithout (?:asking|the user'?s? (?:knowledge|consent|permission))/iu,
  },
  {
    words: ['<'],
    pattern: /<\/?(?:system|important|instructions?|secret|admin|hidden|assistant)>/iu,
  },
  {
    words: ['system', 'jailbreak', 'developer', 'you are now', 'new instruction'],
    pattern: /\b(?:system prompt|jailbreak|developer mode|you are now|new instructions?:)/iu,
  },
  {
    words: ['before'],
    pattern: /\bbefore (?:using|calling|invoking) (?:any|this|every|other) (?:other )?tools?.{0,40}\b(?:read|send|include|pass|cat|access)\b.{0,60}(?:\.ssh|\.env|credential|password|secret|private key|token|conversation)/iu,
  },
  {
    words: ['/.ssh', 'id_rsa', '/etc/passwd', '.aws/credentials', '.cursor/mcp.json'],
    pattern: /(?:~\/\.ssh|id_rsa|\/etc\/passwd|\.aws\/credentials|\.cursor\/mcp\.json)/iu,
  },
  {
    words: ['exfiltrat', 'secretly', 'silently', 'covertly'],
    pattern: /\b(?:exfiltrat|secretly|silently (?:send|forward|copy|call)|covertly)/iu,
  },
  {
    words: ['忽略', '无视', '無視', '不要'],
    pattern: /(?:忽略|无视|無視)[^。]{0,12}(?:指令|指示|规则|提示)|不要(?:告诉|告知|通知)用户/u,
  },
  {
    words: ['無視', '忘れ', 'ユーザーに'],
    pattern: /(?:以前|これまで|上記|前)の(?:指示|命令|プロンプト)を?(?:無視|忘れ)|ユーザーに(?:伝え|知らせ)ない/u,
  },
  {
    words: ['무시', '사용자에게'],
    pattern: /(?:이전|위의)\s?(?:지시|명령|프롬프트)[^.]{0,10}무시|사용자에게 (?:알리지|말하지)/u,
  },
  {
    words: ['instrucciones', 'instructions précédentes', 'anweisungen', 'instruções'],
    pattern: /(?:ignora|olvida|ignore|oublie[zr]?|ignorez|ignoriere|vergiss|esqueça)\b.{0,25}\b(?:instrucciones|instructions précédentes|anweisungen|instruções)/iu,
  },
  {
    words: ['инструкц', 'указани', 'пользовател'],
    pattern: /(?:игнорируй|забудь|проигнорируй).{0,25}(?:инструкц|указани)|не (?:говори|сообщай) пользовател/iu,
  },
  {
    words: ['usuario', 'utilisateur', 'nutzer', 'usuário'],
    pattern: /\bno (?:le )?(?:digas|informes|menciones)[^.]{0,20}usuario|ne (?:dites|dis|mentionnez|parle[zr]?)[^.]{0,25}utilisateur|(?:sage|verrate|erwähne)[^.]{0,25}nutzer[^.]{0,15}nicht|não (?:diga|informe|conte)[^.]{0,20}usuário/iu,
  },
];
