// What the comparisons share: the program of Concord as a child that answers line by line, timing by
// turns, medians, tables.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, '..', '..', '..');

/** The document everything runs over: a published EPS order of about 17 KB, or an own one. */
export function order() {
  const corpora = process.env.CONCORD_CORPORA ?? join(root, '..', 'shared', 'corpora');
  const published = join(corpora, 'eps', 'convert', 'send', 'primary-acute-nonp-mp-author-gmc-rp-din-1',
    'request.json');
  if (existsSync(published)) return published;
  console.error('*** CORPUS ABSENT: a document of our own is used ***');
  return join(here, 'order.json');
}

/** A program that answers each line written to it; a name without folder is one of build/release/bin. */
export class Program {
  constructor(name, args, talk = 'inherit') {
    const folder = process.env.CONCORD_BIN ?? join(root, 'build', 'release', 'bin');
    const command = name.includes('/') ? name : join(folder, name);
    this.child = spawn(command, args, { stdio: ['pipe', 'pipe', talk] });
    this.lines = createInterface({ input: this.child.stdout })[Symbol.asyncIterator]();
  }
  async ask(question) {
    this.child.stdin.write(question + '\n');
    return this.line();
  }
  async line() {
    const { value, done } = await this.lines.next();
    if (done) throw new Error('the program has ended');
    return value;
  }
  end() { this.child.stdin.end(); }
}

/** Seconds of CPU time of `repeats` calls, all threads of this process counted. */
export function cpuSeconds(work, repeats) {
  const start = process.cpuUsage();
  for (let i = 0; i < repeats; ++i) work();
  const used = process.cpuUsage(start);
  return (used.user + used.system) / 1e6;
}

/** Runs until 20,000 calls or `seconds` are over; then how many calls take about 80 ms. */
export function warm(work, seconds) {
  const end = performance.now() + 1000 * seconds;
  let calls = 0;
  while (calls < 20000 && performance.now() < end) { work(); ++calls; }
  let repeats = 1;
  for (;;) {
    const start = performance.now();
    for (let i = 0; i < repeats; ++i) work();
    const took = performance.now() - start;
    if (took > 40) return Math.max(1, Math.round(repeats * 80 / took));
    repeats *= 4;
  }
}

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

export function geometricMean(values) {
  return Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
}

/** Three significant digits. */
export function figure(value) {
  if (!Number.isFinite(value)) return '–';
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

/** A table as Markdown. */
export function table(head, rows) {
  const line = cells => '| ' + cells.join(' | ') + ' |';
  return [line(head), line(head.map((_, i) => (i === 0 ? '---' : '---:'))), ...rows.map(line)].join('\n');
}

export function option(name, otherwise) {
  const at = process.argv.indexOf('--' + name);
  return at < 0 ? otherwise : Number(process.argv[at + 1]);
}

export { existsSync, readFileSync, readdirSync, join };
