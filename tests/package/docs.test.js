// SPDX-License-Identifier: MIT
// Goal: what is written about roomkey agrees with roomkey. The program is the source of truth:
// --help names commands, options and variables, its refusals name the placeholders, and CGI runs
// give the answers. The manual pages, the README and the completion have to say the same.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { existsSync, mkdtempSync, openSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));
const roomkey = process.env.ROOMKEY_BIN ?? join(root, 'build/dev/roomkey');
if (!existsSync(roomkey)) {
  throw new Error(`${roomkey} does not exist; build it (cmake --workflow --preset dev) or set ROOMKEY_BIN`);
}

const read = (path) => readFileSync(join(root, path), 'utf8');
/** All C++ below a folder. */
const sourcesIn = (folder) => readdirSync(join(root, folder), { recursive: true })
  .filter((name) => /\.[ch]pp$/.test(name)).map((name) => read(join(folder, name))).join('');
const place = mkdtempSync(join(tmpdir(), 'roomkey-docs-'));
after(() => rmSync(place, { recursive: true }));

function run(args, { env = {}, input = '', stdin } = {}) {
  const stdio = [stdin ?? 'pipe', 'pipe', 'pipe'];
  return spawnSync(roomkey, args, { env, input: stdin === undefined ? input : undefined, stdio, encoding: 'utf8' });
}

const sorted = (values) => [...new Set(values)].sort();
const all = (text, pattern) => [...text.matchAll(pattern)].map(([, found]) => found);

/** The rows of the Markdown table whose head begins with `head`, each as its cells. */
function tableOf(text, head) {
  const lines = text.split('\n');
  const start = lines.findIndex((line) => line.startsWith(`| ${head} |`));
  assert.ok(start >= 0, `there is a table | ${head} |`);
  const rows = [];
  for (let i = start + 2; lines[i]?.startsWith('|'); i++) {
    rows.push(lines[i].split(/(?<!\\)\|/).slice(1, -1).map((cell) => cell.trim()));
  }
  return rows;
}

const quotesIn = (cell) => all(cell, /`([^`]+)`/g);

/** mdoc as plain text: what a reader sees, in one line. */
const plain = (mdoc) => mdoc
  .replace(/^\.\\".*\n/gm, '')
  .replace(/^\.[A-Z][a-z]\b ?/gm, '')
  .replace(/\\\(dq/g, '"').replace(/\\&/g, '').replace(/\s+/g, ' ');

/** A section of a manual page. */
function section(page, title) {
  const [, text] = new RegExp(`^\\.Sh ${title}\\n([^]*?)(?=^\\.Sh |$(?![^]))`, 'm').exec(page) ?? [];
  assert.ok(text, `the page has a section ${title}`);
  return text;
}

const readme = read('README.md');
const manual = read('deploy/man/roomkey.8');
const policyManual = read('deploy/man/roomkey-policy.5');
const help = run(['--help']).stdout;

const optionsOfHelp = new Map([...help.matchAll(/^ {2}(--[a-z-]+)(?: (\S+))?/gm)].map(([, name, value]) => [name, value]));
const commandsOfHelp = sorted(all(help, /^(?:Usage:| {6}) roomkey \[?([a-z]+)\]?/gm));

test('--help is what the other texts are compared with', () => {
  assert.deepEqual(commandsOfHelp, ['check', 'explain', 'mint', 'serve']);
  assert.ok(optionsOfHelp.size >= 12, [...optionsOfHelp.keys()].join(' '));
});

test('roomkey.8 describes the same commands and options', () => {
  const description = section(manual, 'DESCRIPTION');
  assert.deepEqual(sorted(all(description, /^\.It Cm ([a-z]+)$/gm)), commandsOfHelp);
  const described = new Map([...description.matchAll(/^\.It Fl (-[a-z-]+)(?: Ar (\S+))?$/gm)].map(([, name, value]) => [`-${name}`, value]));
  assert.deepEqual([...described].sort(), [...optionsOfHelp].sort());
});

/** Command -> its options, as the synopsis has them. */
function synopsis() {
  const forms = section(manual, 'SYNOPSIS').split(/^\.Nm$/m).slice(1);
  return new Map(forms.map((form) => [
    /Cm ([a-z]+)/.exec(form)?.[1] ?? '',
    sorted(all(form, /Fl (-[a-z-]+)/g)).map((name) => `-${name}`),
  ]));
}

test('the synopsis of roomkey.8 has every option of the usage lines, and no others', () => {
  const forms = synopsis();
  assert.deepEqual(sorted([...forms.values()].flat()), sorted(optionsOfHelp.keys()));
  const usage = help.slice(0, help.indexOf('\n\n'));
  for (const form of usage.replace(/^Usage:/, '').split(/^ *(?=roomkey)/m).filter((line) => line.trim())) {
    const command = /roomkey \[?([a-z]+)/.exec(form)?.[1] ?? '';
    for (const option of all(form, /(--[a-z-]+)/g)) {
      assert.ok(forms.get(command).includes(option), `${command} ${option}`);
    }
  }
});

test('each option of the synopsis is taken by its command', () => {
  for (const [command, options] of synopsis()) {
    for (const option of options.filter((each) => optionsOfHelp.get(each))) {
      const value = { '--threads': '1', '--form': 'a=b', '--server': 'ROOMKEY_A=b' }[option] ?? '/nowhere/x';
      const { stderr } = run([command, option, value]);
      assert.doesNotMatch(stderr, /unrecognised|required/, `${command} ${option}`);
    }
  }
});

/** What the completion offers after `line`. */
function completed(line) {
  const script = 'compopt() { :; }; . "$1"; COMP_LINE=$2 COMP_POINT=${#2}; _roomkey; printf "%s\\n" "${COMPREPLY[@]}"';
  const { stdout, stderr, status } = spawnSync('bash', ['-ec', script, 'bash', join(root, 'deploy/completion/roomkey.bash'), line],
    { encoding: 'utf8', cwd: root });
  assert.equal(stderr, '');
  assert.equal(status, 0);
  return stdout.split('\n').filter(Boolean);
}

test('the completion offers each command the options of its synopsis', () => {
  for (const [command, options] of synopsis()) {
    if (command) assert.deepEqual(sorted(completed(`roomkey ${command} `)), options, command);
  }
  const first = completed('roomkey ');
  assert.deepEqual(sorted(first.filter((word) => !word.startsWith('-'))), commandsOfHelp);
  assert.deepEqual(sorted(first.filter((word) => word.startsWith('-'))), sorted([...synopsis().get('serve'), ...synopsis().get('')]));
});

test('the completion knows what an option wants', () => {
  assert.deepEqual(completed('roomkey ch'), ['check']);
  assert.deepEqual(completed('roomkey --policy deploy/policies/ch'), ['deploy/policies/chat.json']);
  assert.deepEqual(completed('roomkey mint --form clientID=a:b --dec'), ['--decode']);
  assert.deepEqual(completed('roomkey mint --form cl'), ['clientID=']);
  assert.deepEqual(completed('roomkey --socket u'), ['unix:']);
  assert.deepEqual(completed('roomkey --socket unix:READ'), ['README.md']);
  assert.deepEqual(completed('roomkey explain --room '), []);
  for (const option of optionsOfHelp.keys()) {
    // An option with a value must be skipped along with it when the command is looked for.
    if (optionsOfHelp.get(option)) assert.deepEqual(completed(`roomkey ${option} mint chec`), ['check'], option);
  }
});

test('the README and deploy/README.md name no option or command that does not exist', () => {
  const blocks = all(readme + read('deploy/README.md'), /```sh\n([^]*?)```/g).join('').replace(/\\\n/g, ' ');
  for (const line of blocks.split('\n').filter((each) => /^(?:sudo )?(?:\S*bin\/)?roomkey /.test(each.trim()))) {
    const [command] = /(?<=roomkey )[a-z]+/.exec(line) ?? [];
    if (command) assert.ok(commandsOfHelp.includes(command), line);
    for (const option of all(line, / (--[a-z-]+)/g)) assert.ok(optionsOfHelp.has(option), line);
  }
});

test('the serving options and their variables are the same everywhere', () => {
  const ofHelp = [...help.matchAll(/^ {2}(--[a-z-]+) \S+ +[^]*?\((ROOMKEY_\w+)\)/gm)].map(([, option, name]) => `${option} ${name}`);
  assert.equal(ofHelp.length, 4);
  const ofManual = [...section(manual, 'ENVIRONMENT').matchAll(/^\.It Ev (ROOMKEY_\w+)\nAs\n\.Fl (\S+) \.$/gm)].map(([, name, option]) => `-${option} ${name}`);
  assert.deepEqual(sorted(ofManual), sorted(ofHelp));
});

// ROOMKEY_TEST_LIMITS is for tests alone, and no setting.
test('the other variables are the same everywhere, and each is read by the program', () => {
  const ofHelp = all(help, /\b(SCALEDRONE_\w+|CREDENTIALS_DIRECTORY)\b/g);
  const ofManual = all(section(manual, 'ENVIRONMENT'), /^\.It Ev (.+)$/gm).flatMap((names) => names.split(' , '));
  for (const name of ofHelp) assert.ok(ofManual.includes(name), `roomkey.8 has ${name}`);
  const sources = sourcesIn('src') + sourcesIn('include');
  for (const name of ofManual) assert.ok(sources.includes(name), `the sources know ${name}`);
  assert.deepEqual(sorted(all(sources, /"(ROOMKEY_(?!NAME|USER|POLICY_NAME|REQUEST_ID|VERSION|TEST_LIMITS)\w+)"/g)), ofManual.filter((name) => name.startsWith('ROOMKEY_')).sort());
});

test('the exit statuses are the same everywhere', () => {
  const numbers = { EX_OK: 0, EX_USAGE: 64, EX_DATAERR: 65, EX_NOINPUT: 66, EX_OSERR: 71, EX_NOPERM: 77, EX_CONFIG: 78 };
  const sources = sourcesIn('src');
  const used = sorted(all(sources, /\b(EX_[A-Z]+)\b/g)).map((name) => numbers[name]).sort((a, b) => a - b);
  const ofManual = all(section(manual, 'EXIT STATUS'), /^\.It (\d+)$/gm).map(Number);
  assert.deepEqual(ofManual, used);
});

/** Checks a policy with the given claim, and gives what is said about it. */
function findingFor(claim) {
  const file = join(place, 'policy.json');
  writeFileSync(file, JSON.stringify({ claims: { exp: '${now+1}', claim } }));
  return run(['check', '--policy', file]).stderr;
}

test('the placeholders are the same everywhere', () => {
  const [, list] = /expected (.*), found nonsense$/m.exec(findingFor('${nonsense}'));
  const allowed = sorted(list.split(/, | or /));
  const placeholders = /^\.Ss Placeholders\n([^]*?)^\.Ss /m.exec(policyManual)[1];
  const ofManual = all(placeholders, /^\.It Cm ([^|].*)$/gm).flatMap((names) => names.split(' , '));
  assert.deepEqual(sorted(ofManual), allowed, 'roomkey-policy.5');

  const [, filters] = /expected (.*), found \|nonsense$/m.exec(findingFor('${uuid|nonsense}'));
  assert.deepEqual(sorted(all(placeholders, /^\.It Cm (\|.*)$/gm)), sorted(filters.split(/, | or /)));
});

test('roomkey-policy.5 says of each placeholder who controls its value', () => {
  const [, placeholders] = /^\.Ss Placeholders\n([^]*?)^\.El/m.exec(policyManual);
  const items = placeholders.split(/^\.It Cm /m).slice(1);
  assert.ok(items.length >= 8);
  for (const item of items) assert.match(plain(item), /Controlled by (?:you|the visitor|the clock|chance)/, item);
});

test('every policy that the texts show is taken', () => {
  const env = { SCALEDRONE_CHANNEL_ID: 'x', SCALEDRONE_CHANNEL_SECRET: 'k'.repeat(32) };
  const built = /^The built-in policy:\n\.Bd[^\n]*\n([^]*?)^\.Ed/m.exec(policyManual)[1];
  const file = join(place, 'policy.json');
  writeFileSync(file, built);
  const { status, stderr } = run(['check', '--policy', file], { env });
  assert.equal(status, 0, stderr);
  const source = /R"json\(([^]*?)\)json"/.exec(read('src/policy/policy.cpp'))[1];
  assert.deepEqual(JSON.parse(source), JSON.parse(built));
  const [part] = all(policyManual, /^("permissions": [^]*?)^\.Ed/gm);
  writeFileSync(file, `{"claims": {"exp": "\${now+60}", ${part}}}`);
  const explained = run(['explain', '--policy', file, '--form', 'clientID=a:b', '--server', 'ROOMKEY_ROLE=staff', '--room', 'observable-role-staff']);
  assert.match(explained.stdout, /^publish: yes\nsubscribe: yes\nhistory: 20\n/);
});

test('the engines are the same everywhere, and each has a policy that ships', () => {
  const [, list] = /also for ([^;]+);/.exec(readme.replace(/\s+/g, ' '));
  const engines = sorted(list.split(/, | and /));
  assert.ok(engines.length >= 7);
  const [, table] = /^\.Ss Engines\n([^]*?)^\.El/m.exec(policyManual);
  assert.deepEqual(all(table, /^\.It (?!Sy |Scaledrone )(\S+) Ta /gm).sort(), engines);
  assert.ok(plain(policyManual).includes(`also for ${list}, are in`), 'roomkey-policy.5');
  const policies = readdirSync(join(root, 'deploy/policies'));
  const growing = tableOf(read('deploy/scaling.md'), 'engine').map(([engine]) => engine).join();
  for (const engine of engines) {
    assert.ok(policies.some((policy) => policy.startsWith(engine.toLowerCase())), `${engine} has a policy`);
    assert.ok(growing.includes(engine), `deploy/scaling.md says how ${engine} grows`);
  }
});

test('each diagnostic in roomkey-policy.5 is one that the program prints', () => {
  const claims = {
    '/claims/data/name': { data: { name: '${form}' } },
    '/claims/channel': { channel: '${env.CHANNEL}' },
    '/claims/sub': { sub: '${server.REMOTE_USER}' },
    '/claims/permissions/^room-${form.room}.*$': { permissions: { '^room-${form.room}.*$': { publish: true } } },
    '/claims/exp': { exp: 1700000000 },
  };
  const shown = all(section(policyManual, 'DIAGNOSTICS'), /^\.It Li "chat\.json (.*)"$/gm).map(plain);
  assert.equal(shown.length, Object.keys(claims).length);
  for (const text of shown) {
    const [at] = text.split(': ');
    const file = join(place, 'chat.json');
    writeFileSync(file, JSON.stringify({ claims: { exp: '${now+1}', ...claims[at] } }));
    assert.ok(run(['check', '--policy', file]).stderr.includes(`${file} ${text}\n`), text);
  }
});

const form = (body, more = {}) => ({ body, CONTENT_TYPE: 'application/x-www-form-urlencoded', ...more });
const multipart = (body) => ({ body, CONTENT_TYPE: 'multipart/form-data; boundary=B' });
const listed = 'https://chat.example.com';

// Requests that get every answer of the manual page that a CGI program can give.
const requests = [
  form('clientID=a:b'),
  form('clientID=a:b', { HTTP_ACCEPT: 'application/json' }),
  { method: 'OPTIONS', HTTP_ORIGIN: listed, origins: [listed] },
  form('clientID=a:b', { CONTENT_LENGTH: '1e3' }),
  { ...form(''), CONTENT_LENGTH: '20', unreadable: true },
  form('clientID=a:b', { CONTENT_LENGTH: '99' }),
  form('clientID=%zz'),
  multipart('--B\r\nContent-Disposition: form-data; name="clientID"\r\n\r\na:b'),
  { body: '{"clientID":', CONTENT_TYPE: 'application/json' },
  form('clientID=a:b&clientID=a:b'),
  { ...form('clientID=a:b'), login: true },
  { method: 'GET' },
  form(`clientID=${'a'.repeat(16384)}`),
  form('a=1'.concat(...Array.from({ length: 20 }, (_, i) => `&f${i}=1`))),
  { body: 'clientID=a:b', CONTENT_TYPE: 'text/plain' },
  form('clientID=a:b', { CONTENT_TYPE: 'application/x-www-form-urlencoded; charset=utf-16' }),
  form(''), form('clientID='),
  form(`clientID=${'a'.repeat(129)}`),
  form('clientID=%ff'), form('clientID=%00'),
  form('room=a+b', { claims: { room: 'r-${form.room}' } }),
  form('room=..', { claims: { room: 'https://a.example/${form.room|uri}' } }),
  form('room=a', { claims: { in: { 'r-${form.room}': 1, 'r-a': 2 } } }),
  form('clientID=a:b', { secret: '' }),
];

function answerOf({ body = '', method = 'POST', secret = 'k'.repeat(32), origins, login, claims, unreadable, ...params }) {
  const env = {
    GATEWAY_INTERFACE: 'CGI/1.1', REQUEST_METHOD: method, CONTENT_LENGTH: String(Buffer.byteLength(body)), ...params,
    SCALEDRONE_CHANNEL_ID: 'x', SCALEDRONE_CHANNEL_SECRET: secret,
  };
  if (origins || login || claims) {
    env.ROOMKEY_POLICY = join(place, 'answers.json');
    writeFileSync(env.ROOMKEY_POLICY, JSON.stringify({
      claims: { exp: '${now+1}', ...(login && { sub: '${server.ROOMKEY_USER}' }), ...claims }, allowed_origins: origins ?? [],
    }));
  }
  // A folder is an input that can't be read.
  const { stdout } = run([], { env, input: body, stdin: unreadable && openSync('/', 'r') });
  const [head, ...rest] = stdout.split('\r\n\r\n');
  return { status: /^Status: (\d+)/.exec(head)[1], head, body: rest.join('\r\n\r\n') };
}

/** A quoted answer as a pattern: … and numbers of time stand for anything. */
const patternOf = (quote) => new RegExp(`^${quote.split(/…|\.\.\.|\d{10}/).map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')).join('.+')}$`);

test('the answers of roomkey.8 are what the program answers', () => {
  const answers = requests.map(answerOf);
  const rows = section(manual, 'THE REQUEST').split(/^\.It (?=\d{3}$)/m).slice(1).map((item) => ({
    status: item.slice(0, 3),
    quotes: all(item, /^\.Ql (.*?)(?: [,.;:])?$/gm).map(plain),
  }));
  assert.ok(rows.length >= 9);

  // Only a FastCGI stream can be longer than announced, or have parameters that are none.
  const unreachable = ['The body is longer than CONTENT_LENGTH', 'The request\'s parameters are malformed',
    'The request\'s parameters are over 65536 bytes'];
  for (const { status, quotes } of rows) {
    const given = answers.filter((answer) => answer.status === status);
    assert.ok(given.length > 0 || quotes.every((quote) => unreachable.includes(quote)), `no request here gets ${status}`);
    for (const quote of quotes) {
      const found = unreachable.includes(quote)
        ? read('src/request/refusal.cpp').includes(quote.replace(/\d+/, '#'))
        : given.some(({ head, body }) => head.includes(quote) || patternOf(quote).test(body));
      assert.ok(found, `${status} ${quote}: ${given.map(({ body }) => body).join(' / ')}`);
    }
  }
  for (const { status, body } of answers) {
    const [row] = rows.filter((each) => each.status === status);
    assert.ok(row, `roomkey.8 has no ${status}: ${body}`);
    const described = row.quotes.length === 0 || row.quotes.some((quote) => patternOf(quote).test(body));
    assert.ok(described, `roomkey.8 does not quote: ${status} ${body}`);
  }
});

test('the README\'s table of answers names the same statuses, and only texts that are given', () => {
  const answers = requests.map(answerOf);
  const rows = tableOf(readme, 'asked');
  assert.deepEqual(sorted(rows.flatMap(([, statuses]) => statuses.split(', '))), sorted(answers.map(({ status }) => status)));
  for (const [, statuses, answer] of rows) {
    // A header of the request, a setting of the policy and a content type are no answers.
    for (const quote of quotesIn(answer).filter((each) => !/^Accept: |^"reply"|^text\/plain$/.test(each))) {
      assert.ok(answers.some(({ status, body }) => statuses.split(', ').includes(status) && patternOf(quote).test(body)), quote);
    }
  }
});

/** The links of a page, each with what it must lead to. */
function linksOf(page) {
  const folder = page.includes('/') ? page.slice(0, page.lastIndexOf('/') + 1) : '';
  return all(read(page), /\]\(((?!https?:|#)[^)]+)\)/g).map((link) => ({ link, path: folder + link.split('#')[0], fragment: link.split('#')[1] }));
}

test('the links of the texts lead somewhere', () => {
  for (const page of ['README.md', 'CONTRIBUTING.md', 'SECURITY.md', 'src/README.md', 'deploy/README.md', 'deploy/chat-page.md', 'deploy/scaling.md']) {
    for (const { link, path, fragment } of linksOf(page)) {
      assert.ok(existsSync(join(root, path)), `${page}: ${link}`);
      // As GitHub names the headings of a page.
      const headings = fragment ? all(read(path), /^#+ (.+)$/gm).map((heading) => heading.toLowerCase().replaceAll(' ', '-')) : [];
      assert.ok(!fragment || headings.includes(fragment), `${page}: ${link}`);
    }
  }
});

test('every file that deploy/README.md lists exists', () => {
  const paths = tableOf(read('deploy/README.md'), 'web server').flatMap(([, files]) => quotesIn(files)).filter((path) => path.includes('/'));
  assert.ok(paths.length > 8);
  for (const path of paths) assert.ok(existsSync(join(root, path)), path);
});

test('the map of the code has every room, in the order that they are held to, and names nothing that is not there', () => {
  const map = read('src/README.md');
  const [, order] = /^rooms='([^']+)'$/m.exec(read('tests/rooms.sh'));
  const rooms = order.split(' ').map((room) => `${room}/`);
  assert.deepEqual(tableOf(map, 'room').flatMap(([room]) => quotesIn(room)), rooms);
  const folders = (path) => readdirSync(join(root, path), { withFileTypes: true }).filter((each) => each.isDirectory()).map(({ name }) => `${name}/`);
  assert.deepEqual(sorted(folders('src')), sorted(rooms));
  assert.deepEqual(sorted(folders('include/roomkey')), sorted(rooms));
  for (const name of quotesIn(map).filter((each) => each.includes('/'))) {
    const places = [name, `src/${name}`, `src/${name}.cpp`, `include/roomkey/${name}.hpp`];
    assert.ok(places.some((path) => existsSync(join(root, path))), `src/README.md: ${name}`);
  }
});

/** Asserts that there is a test of exactly this name: in C++ a case of a suite, else a title, which a loop may begin. */
function assertTest(path, name) {
  const quoted = name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const written = path.endsWith('.cpp') ? `TEST_CASE\\(\\s*${quoted}[,)]` : `['\`](?:\\$\\{[\\w.]+\\}: )?${quoted}['\`],`;
  assert.match(read(path), new RegExp(written), `${path}: ${name}`);
}

test('each guarantee of the README has tests in SECURITY.md, and they exist', () => {
  const [, guarantees] = /^roomkey guarantees:\n([^]*?)^You must:/m.exec(readme);
  const numbers = all(guarantees, /^(\d+)\. /gm);
  assert.ok(numbers.length >= 4);
  const rows = tableOf(read('SECURITY.md'), 'guarantee');
  assert.deepEqual(sorted(rows.map(([guarantee]) => guarantee.split('.')[0])), sorted(numbers));
  for (const [, file, test] of rows) assertTest(...quotesIn(file), ...quotesIn(test));
});

test('each of the forty faults is in tests/faults.md once, with tests that exist', () => {
  const rows = tableOf(read('tests/faults.md'), 'row');
  assert.deepEqual(rows.map(([row]) => Number(row)), Array.from({ length: 40 }, (_, i) => i + 1));
  for (const [row, , ...layers] of rows) {
    let path;
    let tests = 0;
    for (const quote of layers.flatMap(quotesIn)) {
      if (/\.(?:cpp|js)$/.test(quote)) {
        path = `tests/${quote}`;
      } else {
        assertTest(path, quote);
        tests++;
      }
    }
    assert.ok(tests > 0, `row ${row}`);
  }
});

test('the commands of README.Debian for several policies leave a folder that roomkey takes, each with its secret', () => {
  const [, text] = /^Several policies\n-+\n([^]*?)^Other web servers$/m.exec(read('deploy/packaging/debian/roomkey.README.Debian'));
  const commands = all(text, /^ {4}((?:mkdir|cp|echo|install|editor|\(set) .*)$/gm);
  const folder = join(place, 'etc');
  const key = (name) => name.padEnd(40, '.');
  // `editor` does what its reader does: a key into the file, and the name of the key into the policy.
  const script = `set -eu; mkdir ${folder}; roomkey() { "${roomkey}" "$@"; }
    editor() { printf %s '${key('news')}' >"$1"; sed -i '0,/^{/s//{"secret": "news",/' ${folder}/policies/news.json; }
    printf %s '${key('secret')}' >${folder}/secret; chmod 640 ${folder}/secret
    ${commands.join('\n')}`
    .replaceAll('/etc/roomkey', folder).replaceAll('/usr/share/roomkey/policies', join(root, 'deploy/policies')).replace(' -g roomkey', '');
  const env = { PATH: process.env.PATH, SCALEDRONE_CHANNEL_ID: 'x' };
  const { stdout, stderr } = spawnSync('sh', ['-c', script], { env, encoding: 'utf8' });
  assert.deepEqual({ stdout, stderr }, { stdout: 'The configuration is valid.\nPolicies: default, news.\n', stderr: '' });
  const [, policy] = /^ROOMKEY_POLICY=(.+)$/m.exec(readFileSync(join(folder, 'environment'), 'utf8'));
  for (const [name, secret] of [['default', 'secret'], ['news', 'news']]) {
    const token = run(['mint', '--policy', policy, '--secret-file', folder, '--name', name, '--form', 'clientID=a:b'], { env }).stdout.trim().split('.');
    assert.equal(token[2], createHmac('sha256', key(secret)).update(token.slice(0, 2).join('.')).digest('base64url'), name);
  }
});

test('the socket is the same in roomkey.8 and in nginx/upstream.conf', () => {
  const [, path] = /^\.It Pa (\/run\/\S+)$/m.exec(section(manual, 'FILES'));
  const [, socket] = /^server unix:([^\s;]+)/m.exec(read('nginx/upstream.conf'));
  assert.equal(socket, path);
});

test('roomkey.8 names the files of nginx that are to be edited', () => {
  const [, entry] = /^\.It Pa \/etc\/nginx\/roomkey\/\n([^]*?)^\.It /m.exec(section(manual, 'FILES'));
  const edited = readdirSync(join(root, 'nginx')).filter((name) => /^# Yours to edit\b/m.test(name.endsWith('.conf') ? read(`nginx/${name}`) : ''));
  assert.deepEqual(all(entry, /^\.Pa (\S+\.conf)/gm), sorted(edited));
});

test('the command of login-basic.conf adds who gives a password, and nobody when it was mistyped', () => {
  const [, command] = /^# {5}(openssl .*>>\/etc\/nginx\/roomkey\/users)\b/m.exec(read('nginx/examples/login-basic.conf'));
  const users = join(place, 'users');
  writeFileSync(users, '');
  // openssl asks the terminal, and ends with 1 and without a hash when the second password differs.
  const typed = (outcome) => spawnSync('sh', ['-c', `openssl() { ${outcome}; }; ${command.replace('/etc/nginx/roomkey/users', users)}`]);
  typed('return 1');
  assert.equal(readFileSync(users, 'utf8'), '');
  typed('[ "$*" = "passwd -6" ] && echo HASH');
  assert.equal(readFileSync(users, 'utf8'), 'ann:HASH\n');
});

test('the packages that a build needs are the same everywhere', () => {
  const [, list] = /^k_build_packages=\(\n([^]*?)^\)/m.exec(read('deploy/common.sh'));
  const needed = sorted(all(list, /:([a-z][\w.+-]*)/g));
  const [, ofReadme] = /apt install ([a-z0-9+. -]*\bcmake [a-z0-9+. -]*)/.exec(read('deploy/README.md'));
  assert.deepEqual(sorted(ofReadme.split(' ')), needed);
  const control = read('deploy/packaging/debian/control').split('\n\n')[0];
  // What Debian calls build-essential is not named there.
  for (const name of needed.filter((name) => !['g++', 'make'].includes(name))) assert.match(control, new RegExp(`^ *(?:Build-Depends: )?${name}\\b`, 'm'), name);
});

test('the version is the same everywhere', () => {
  const [, version] = /^\s*VERSION (\d+\.\d+\.\d+)$/m.exec(read('CMakeLists.txt'));
  assert.equal(run(['--version']).stdout, `roomkey ${version}\n`);
  for (const page of [manual, policyManual]) assert.ok(plain(section(page, 'HISTORY')).includes(` ${version}.`));
  const [, packaged, date] = /^roomkey \((\d+\.\d+\.\d+)-\d+\)[^]*?^ -- .*>  (.*)$/m.exec(read('deploy/packaging/debian/changelog'));
  assert.equal(packaged, version);
  // What comes after the release stands above it, as unreleased.
  const [, released, day] = /^## \[(\d+\.\d+\.\d+)\] - (\S+)$/m.exec(read('CHANGELOG.md'));
  assert.equal(released, version);
  assert.equal(day, new Date(date).toISOString().slice(0, 10));
});

test('the manual pages are free of warnings', () => {
  for (const page of ['roomkey.8', 'roomkey-policy.5']) {
    const { stdout, error } = spawnSync('mandoc', ['-Tlint', '-Wall', join(root, 'deploy/man', page)], { encoding: 'utf8' });
    assert.ok(!error, 'mandoc is installed');
    // What is installed on this machine says nothing about the page.
    const warnings = stdout.split('\n').filter((line) => line && !/referenced manual not found|outdated mandoc\.db/.test(line));
    assert.deepEqual(warnings, []);
  }
});

test('what the manual pages quote is what a reader sees', () => {
  for (const page of ['roomkey.8', 'roomkey-policy.5']) {
    const { stdout } = spawnSync('mandoc', ['-Tutf8', '-Owidth=1000', join(root, 'deploy/man', page)], { encoding: 'utf8' });
    const seen = stdout.replace(/.\x08/g, '').replace(/\s+/g, ' ');
    const quotes = all(read(`deploy/man/${page}`), /^\.Ql "?(.*?)"?(?: [,.;:])?$/gm).map((quote) => plain(quote).replace(/\\e/g, '\\'));
    assert.ok(quotes.length > 20, page);
    // In mdoc a word may be a macro, as No is, and a quotation mark in front of one is not printed.
    for (const quote of quotes) assert.ok(seen.includes(`‘${quote.trim()}’`), `${page}: ${quote}`);
  }
});
