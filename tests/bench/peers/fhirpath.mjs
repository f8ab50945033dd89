// FHIRPath: Concord against npm fhirpath (compiled) and @medplum/core (parsed once), the same
// expressions over the same Bundle, by turns in one run. Answers are compared before anything is
// timed; a contender that answers otherwise is shown as such and not timed.
//
//   taskset -c 1 node fhirpath.mjs [--rounds 11] [--warm 3]
import { createRequire } from 'node:module';
import {
  Program, cpuSeconds, figure, geometricMean, here, join, median, option, order, readFileSync, table, warm,
} from './turns.mjs';

const require = createRequire(import.meta.url);
const fhirpath = require('fhirpath');
const r4 = require('fhirpath/fhir-context/r4');
const medplum = require('@medplum/core');

const rounds = option('rounds', 11);
const warmSeconds = option('warm', 3);
const expressions = JSON.parse(readFileSync(join(here, 'expressions.json'), 'utf8'));
const file = order();
const bundle = JSON.parse(readFileSync(file, 'utf8'));

// fhirpath.js asks a server for what resolve() finds in the Bundle. It gets a function of ours in
// place of its own: a Map of the fullUrls, made once.
const byUrl = new Map(bundle.entry.map(entry => [entry.fullUrl, entry.resource]));
const userInvocationTable = {
  resolve: {
    fn: references => references.map(reference => byUrl.get(reference.reference)).filter(Boolean),
    arity: { 0: [] },
  },
};

/** An answer as a list of texts. */
function texts(items) {
  return items.map(item => (typeof item === 'object' && item !== null
    ? (item.asStr ?? item.toString?.() !== '[object Object]' ? String(item.asStr ?? item) : JSON.stringify(item))
    : String(item)));
}

function contender(name, make) {
  return expression => {
    try {
      const work = make(expression);
      return { name, work, answer: texts(work()) };
    } catch (error) {
      return { name, work: null, answer: ['error: ' + String(error.message).slice(0, 60)] };
    }
  };
}

const contenders = [
  contender('fhirpath', text => {
    const compiled = fhirpath.compile(text, r4, { userInvocationTable });
    return () => compiled(bundle);
  }),
  contender('@medplum/core', text => {
    const parsed = medplum.parseFhirPath(text);
    const focus = [medplum.toTypedValue(bundle)];
    return () => medplum.evalFhirPathTyped(parsed, focus).map(item => item.value);
  }),
];

const concord = new Program('bench_peer_fhirpath', [file]);
const cases = [];
for (const { name, expression } of expressions) {
  const compiled = await concord.ask('compile ' + expression);
  if (!compiled.startsWith('ok ')) throw new Error(name + ': ' + compiled);
  const id = compiled.slice(3);
  const answer = [];
  const count = Number(await concord.ask('print ' + id));
  for (let i = 0; i < count; ++i) answer.push(await concord.line());
  const peers = contenders.map(make => make(expression));
  for (const peer of peers) {
    peer.agrees = JSON.stringify(peer.answer) === JSON.stringify(answer);
    if (peer.agrees) {
      peer.repeats = warm(peer.work, warmSeconds);
    } else {
      console.error(`${name}: ${peer.name} answers ${JSON.stringify(peer.answer).slice(0, 120)},`
        + ` Concord ${JSON.stringify(answer).slice(0, 120)}`);
    }
    peer.times = [];
    peer.ratios = [];
  }
  const probe = Number(await concord.ask(`time ${id} 2000`)) / 2000;
  cases.push({ name, expression, id, peers, repeats: Math.max(1, Math.round(8e7 / probe)), times: [] });
}

for (let round = 0; round < rounds; ++round) {
  for (const test of cases) {
    const ours = Number(await concord.ask(`time ${test.id} ${test.repeats}`)) / 1e9 / test.repeats;
    test.times.push(ours);
    for (const peer of test.peers) {
      if (!peer.agrees) continue;
      const theirs = cpuSeconds(peer.work, peer.repeats) / peer.repeats;
      peer.times.push(theirs);
      peer.ratios.push(theirs / ours);
    }
  }
}
concord.end();

const names = cases[0].peers.map(peer => peer.name);
const rows = cases.map(test => [
  `${test.name}: \`${test.expression.replaceAll('|', '\\|')}\``,
  figure(1e6 * median(test.times)),
  ...test.peers.flatMap(peer => (peer.agrees
    ? [figure(1e6 * median(peer.times)), figure(median(peer.ratios)) + '×'] : ['other answer', '–'])),
]);
rows.push(['**geometric mean**', figure(1e6 * geometricMean(cases.map(test => median(test.times)))),
  ...names.flatMap((_, i) => {
    const agreeing = cases.map(test => test.peers[i]).filter(peer => peer.agrees);
    return [figure(1e6 * geometricMean(agreeing.map(peer => median(peer.times)))),
      `**${figure(geometricMean(agreeing.map(peer => median(peer.ratios))))}×**`];
  })]);
console.log(table(['expression', 'Concord µs', ...names.flatMap(name => [name + ' µs', 'ratio'])], rows));
