import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { auditInputs } from '../../../src/analyzer/sources/auditInputs.ts';
import { defaultExtraction } from '../../../src/analyzer/sources/promptSource.ts';
import { writeBack } from '../../../src/analyzer/writeBack.ts';
import { assertMapped, extracted, memoryReader, sourceOf } from './support.ts';

const rules = '# Rules\n\nYou are Ada.\nBe brief.\n';
const body = rules.trimEnd();

/** Where prompts are that a file of code uses, and what they say. */
async function used(path: string, text: string, files: Readonly<Record<string, string>>): Promise<string[][]> {
  const { prompts, elsewhere = [] } = await extracted(path, text, files);
  for (const { prompt, fileText } of elsewhere) assertMapped(fileText, prompt);
  for (const prompt of prompts) assertMapped(text, prompt);
  return [...prompts, ...elsewhere.map(({ prompt }) => prompt)].map((prompt) => [prompt.uri, prompt.text]);
}

describe('a prompt that code reads from a file is found in that file', () => {
  for (const expression of [
    "readFileSync('prompts/ada.md', 'utf8')",
    "fs.readFileSync(path.join(__dirname, 'prompts', 'ada.md'), { encoding: 'utf-8' }).toString()",
    "(await readFile(new URL('./prompts/ada.md', import.meta.url), 'utf8')).trim()",
    "fs.readFileSync(path.resolve(process.cwd(), 'prompts/ada.md'), 'utf8') as string",
    'await Deno.readTextFile(`${import.meta.dirname}/prompts/ada.md`)',
    "await Bun.file('./prompts/ada.md').text()",
    'readFileSync(PLACE, "utf8")',
    'load()',
  ]) {
    test(expression, async () => {
      const code = [
        "const PLACE = 'prompts/ada.md';",
        "function load() { return fs.readFileSync(PLACE, 'utf8'); }",
        `await generateText({ model, system: ${expression} });`,
      ].join('\n');
      assert.deepEqual(await used('src/agent.ts', code, { 'src/prompts/ada.md': rules }), [
        ['src/prompts/ada.md', body],
      ]);
    });
  }

  for (const expression of [
    'open("prompts/ada.md").read()',
    'open("prompts/ada.md", encoding="utf-8").read().strip()',
    'Path("prompts/ada.md").read_text(encoding="utf-8")',
    '(Path(__file__).parent / "prompts" / "ada.md").read_text()',
    'Path(__file__).resolve().parent.joinpath("prompts/ada.md").read_text()',
    'open(os.path.join(os.path.dirname(__file__), "prompts", "ada.md")).read()',
    'BASE.joinpath("ada.md").read_text()',
    'TEXT',
    'load()',
  ]) {
    test(expression, async () => {
      const code = [
        'BASE = Path(__file__).parent / "prompts"',
        'with open("prompts/ada.md") as f:',
        '    TEXT = f.read()',
        'def load():',
        '    return (BASE / "ada.md").read_text()',
        `agent = Agent(system_prompt=${expression})`,
      ].join('\n');
      assert.deepEqual(await used('src/agent.py', code, { 'src/prompts/ada.md': rules }), [
        ['src/prompts/ada.md', body],
      ]);
    });
  }
});

test('a path is looked for from the folder of the file upwards, the nearest first', async () => {
  const code = "f({ systemPrompt: readFileSync('ada.md', 'utf8') });";
  assert.deepEqual(await used('a/b/agent.ts', code, { 'ada.md': 'Far.', 'a/ada.md': 'Near.' }), [
    ['a/ada.md', 'Near.'],
  ]);
});

test('a file that is a part of a prompt fills its place, and what it says is not reported there', async () => {
  const code = "f({ systemPrompt: `You are Ada.\n${readFileSync('rules.md', 'utf8')}\nBe kind.` });";
  const { prompts } = await extracted('agent.ts', code, { 'rules.md': 'Be brief.' });
  assert.equal(prompts[0]?.text, 'You are Ada.\nBe brief.\nBe kind.');
  const hole = prompts[0].segments.find((segment) => segment.hole?.from === 'include');
  assert.equal(code.slice(hole?.file.start, hole?.file.end), "${readFileSync('rules.md', 'utf8')}");
});

test('a part that cannot be read leaves a stand-in, and a note says so', async () => {
  const code = "f({ systemPrompt: 'You are Ada. ' + readFileSync('rules.md', 'utf8') });";
  const { prompts } = await extracted('agent.ts', code, {});
  assert.equal(prompts[0]?.text, 'You are Ada. some given text here');
  assert.deepEqual(prompts[0].notes, ["readFileSync('rules.md', 'utf8') is not followed: there is no such file."]);
});

test('a constant of another module is found where it stands, through what passes it on', async () => {
  const files = {
    'prompts/index.ts': "export * from './support.js';\nexport { GREETING as HELLO } from './support';",
    'prompts/support.ts': "export const SUPPORT = `You are Ada.\\nBe brief.`;\nexport const GREETING = 'Say hello.';",
    'default.ts': 'export default "Be the default.";',
  };
  const code = [
    "import DEFAULT from './default';",
    "import { SUPPORT as S, HELLO } from './prompts';",
    "import * as all from './prompts/support';",
    "const messages = [{ role: 'system', content: S }];",
    'generateText({ system: HELLO });',
    'generateText({ system: DEFAULT });',
    'generateText({ system: all.GREETING });',
  ].join('\n');
  assert.deepEqual(await used('agent.ts', code, files), [
    ['prompts/support.ts', 'You are Ada.\nBe brief.'],
    ['prompts/support.ts', 'Say hello.'],
    ['default.ts', 'Be the default.'],
  ]);
});

test('Python modules are found below the folder and above it', async () => {
  const files = {
    'app/prompts.py': 'from .parts import RULES\nSUPPORT = "You are Ada. " "Be brief."\nBOTH = f"{RULES} Be kind."\n',
    'app/parts.py': 'RULES = """Never lie."""\n',
    'app/deep/__init__.py': 'LAST = "Be last."\n',
  };
  const code = [
    'from .prompts import SUPPORT, BOTH as b',
    'from app.parts import RULES',
    'from app import deep, prompts',
    'Agent(instructions=SUPPORT)',
    'messages = [{"role": "system", "content": b}, {"role": "user", "content": x}]',
    'chat = [SystemMessage(content=RULES), ChatMessage(role=MessageRole.SYSTEM, content=deep.LAST)]',
  ].join('\n');
  assert.deepEqual(await used('app/main.py', code, files), [
    ['app/prompts.py', 'You are Ada. Be brief.'],
    ['app/prompts.py', 'Never lie. Be kind.'],
    ['app/parts.py', 'Never lie.'],
    ['app/deep/__init__.py', 'Be last.'],
  ]);
});

test('modules that lead back to each other end, and so do long chains', async () => {
  const files: Record<string, string> = {
    'a.ts': "import { B } from './b';\nexport const A = B;",
    'b.ts': "import { A } from './a';\nexport const B = A;",
  };
  for (let i = 0; i < 9; i++) files[`c${i}.ts`] = `export { C } from './c${i + 1}';`;
  files['c9.ts'] = "export const C = 'Be far.';";
  const code = "import { A } from './a';\nimport { C } from './c0';\nf({ systemPrompt: A });\nf({ systemPrompt: C });";
  assert.deepEqual(await used('agent.ts', code, files), []);
  assert.deepEqual(await used('agent.ts', code.replace('c0', 'c6'), files), [['c9.ts', 'Be far.']]);
});

test('an agent whose instructions are a function that returns them is found', async () => {
  const code = [
    'new Agent({ instructions: async ({ context }) => `You are ${context.name}.` });',
    "const build = () => { return 'Be brief.'; };",
    'generateText({ system: build() });',
  ].join('\n');
  assert.deepEqual(await used('agent.ts', code, {}), [
    ['agent.ts', 'You are some given text here.'],
    ['agent.ts', 'Be brief.'],
  ]);
});

test('what another file holds can be written back there', async () => {
  const files = { 'src/ada.ts': "export const ADA = 'You are Ada.\\n' +\n  'Be brief.';" };
  const code = "import { ADA } from './ada';\nf({ systemPrompt: ADA });";
  const { inputs } = await auditInputs('src/agent.ts', code, 'javascript', {
    read: memoryReader(files, 'src/agent.ts'),
    options: defaultExtraction,
  });
  const { prompt, fileText, reread } = inputs[0]!;
  assert.deepEqual([prompt.uri, prompt.notes], ['src/ada.ts', ['src/agent.ts uses it.']]);
  assert.equal(sourceOf(fileText, prompt, 'Be brief.'), 'Be brief.');
  const written = await writeBack(prompt, fileText, 'Be brief.\nYou are Ada.', reread);
  assert.ok('edit' in written, JSON.stringify(written));
  const { range, newText } = written.edit;
  assert.equal(
    fileText.slice(0, range.start) + newText + fileText.slice(range.end),
    "export const ADA = 'Be brief.\\n' +\n  'You are Ada.';",
  );
});
