// FHIR clients as published on npm, against the gateway at the address given: what their users do.
// Prints one line for each test; ends with 1 when one failed.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { Client, RESPONSE_KEY } from 'fhir-kit-client';

const { FhirClient } = createRequire(import.meta.url)('fhirclient');
const baseUrl = process.argv[2];
if (!baseUrl) throw new Error('usage: node clients.mjs BASE_URL');

const tests = [];
const test = (name, run) => tests.push({ name, run });
const header = (answer, name) => answer[RESPONSE_KEY].headers.get(name);
const status = (answer) => answer[RESPONSE_KEY].status;
/** The error a call ends with. */
const refused = async (promise) => {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  assert.fail('the call was not refused');
};
const patient = (family, more = {}) => ({
  resourceType: 'Patient',
  name: [{ family, given: ['Test'] }],
  ...more,
});

const kit = new Client({ baseUrl });

test('fhir-kit-client: capabilities name every interaction of Patient', async () => {
  const statement = await kit.capabilityStatement();
  assert.equal(statement.fhirVersion, '4.0.1');
  const own = statement.rest[0].resource.find((resource) => resource.type === 'Patient');
  const codes = own.interaction.map((interaction) => interaction.code);
  for (const code of ['read', 'vread', 'create', 'update', 'patch', 'delete', 'search-type']) {
    assert.ok(codes.includes(code), code);
  }
});

test('fhir-kit-client: create, read, vread, update, patch, delete', async () => {
  const made = await kit.create({ resourceType: 'Patient', body: patient('Kit') });
  assert.equal(status(made), 201);
  assert.match(header(made, 'location'), /\/Patient\/[^/]+\/_history\/1$/);
  assert.equal(header(made, 'etag'), 'W/"1"');
  const id = made.id;
  const read = await kit.read({ resourceType: 'Patient', id });
  assert.equal(read.name[0].family, 'Kit');

  const changed = await kit.update({
    resourceType: 'Patient',
    id,
    body: { ...read, gender: 'female' },
    options: { headers: { 'If-Match': 'W/"1"' } },
  });
  assert.equal(changed.meta.versionId, '2');
  const patched = await kit.patch({
    resourceType: 'Patient',
    id,
    jsonPatch: [{ op: 'replace', path: '/gender', value: 'other' }],
    options: { headers: { 'Content-Type': 'application/json-patch+json' } },
  });
  assert.equal(patched.gender, 'other');
  assert.equal(
    (await kit.vread({ resourceType: 'Patient', id, version: '1' })).gender,
    undefined,
  );

  const history = await kit.history({ resourceType: 'Patient', id });
  assert.equal(history.type, 'history');
  assert.equal(history.total, 3);
  assert.deepEqual(
    history.entry.map((entry) => entry.request.method),
    ['PATCH', 'PUT', 'POST'],
  );

  await kit.delete({ resourceType: 'Patient', id });
  const gone = await refused(kit.read({ resourceType: 'Patient', id }));
  assert.equal(gone.response.status, 410);
  assert.equal(gone.response.data.resourceType, 'OperationOutcome');
});

test('fhir-kit-client: search by pages, forward and back', async () => {
  const family = `Pages${process.pid}`;
  for (let i = 0; i < 7; i += 1) {
    await kit.create({ resourceType: 'Patient', body: patient(family, { birthDate: `195${i}-01-01` }) });
  }
  const first = await kit.search({
    resourceType: 'Patient',
    searchParams: { family, _count: 3, _sort: 'birthdate', _total: 'accurate' },
  });
  assert.equal(first.total, 7);
  const seen = [];
  let page = first;
  let last = first;
  while (page) {
    seen.push(...page.entry.map((entry) => entry.resource.birthDate));
    last = page;
    page = await kit.nextPage({ bundle: page });
  }
  assert.deepEqual(
    seen,
    [0, 1, 2, 3, 4, 5, 6].map((i) => `195${i}-01-01`),
  );
  const back = await kit.prevPage({ bundle: last });
  assert.deepEqual(
    back.entry.map((entry) => entry.resource.birthDate),
    ['1953-01-01', '1954-01-01', '1955-01-01'],
  );
  const posted = await kit.search({
    resourceType: 'Patient',
    searchParams: { family, _count: 2 },
    options: { postSearch: true },
  });
  assert.equal(posted.entry.length, 2);
});

test('fhir-kit-client: conditional update and create', async () => {
  const system = 'https://clients.example/id';
  const value = `c${process.pid}`;
  const body = patient('Conditional', { identifier: [{ system, value }] });
  const searchParams = { identifier: `${system}|${value}` };
  const made = await kit.update({ resourceType: 'Patient', searchParams, body });
  assert.equal(status(made), 201);
  const again = await kit.update({ resourceType: 'Patient', searchParams, body: { ...body, active: true } });
  assert.equal(status(again), 200);
  assert.equal(again.id, made.id);
  const headers = { 'If-None-Exist': `identifier=${system}|${value}` };
  const found = await kit.create({ resourceType: 'Patient', body, options: { headers } });
  assert.equal(status(found), 200);
  assert.equal(found.id, made.id);
});

test('fhir-kit-client: a transaction is whole or nothing', async () => {
  const urn = 'urn:uuid:4a1d2c3b-0d1e-4f5a-8b6c-7d8e9f0a1b2c';
  const body = {
    resourceType: 'Bundle',
    type: 'transaction',
    entry: [
      { fullUrl: urn, resource: patient('Transaction'), request: { method: 'POST', url: 'Patient' } },
      {
        resource: {
          resourceType: 'Observation',
          status: 'final',
          code: { text: 'weight' },
          subject: { reference: urn },
          valueQuantity: { value: 70.5, unit: 'kg' },
        },
        request: { method: 'POST', url: 'Observation' },
      },
    ],
  };
  const done = await kit.transaction({ body });
  assert.equal(done.type, 'transaction-response');
  const [who, what] = done.entry.map((entry) => entry.response.location);
  assert.ok(who.includes('Patient/'), who);
  const id = what.split('Observation/')[1].split('/')[0];
  const weight = await kit.read({ resourceType: 'Observation', id });
  assert.ok(who.includes(weight.subject.reference), weight.subject.reference);
  const patientId = weight.subject.reference.split('/')[1];
  const own = await kit.compartmentSearch({
    resourceType: 'Observation',
    compartment: { resourceType: 'Patient', id: patientId },
  });
  assert.equal(own.entry.length, 1);
  const everything = await kit.operation({
    name: 'everything',
    resourceType: 'Patient',
    id: patientId,
    method: 'GET',
  });
  assert.equal(everything.entry.length, 2);

  const broken = structuredClone(body);
  broken.entry[0].resource.name[0].family = `Never${process.pid}`;
  broken.entry[1].resource.status = 'no such status';
  const error = await refused(kit.transaction({ body: broken }));
  assert.equal(error.response.status, 400);
  assert.match(JSON.stringify(error.response.data.issue), /Bundle\.entry\[1\]/);
  const none = await kit.search({ resourceType: 'Patient', searchParams: { family: `Never${process.pid}` } });
  assert.equal(none.total, 0);
});

test('fhir-kit-client: errors are OperationOutcomes with their status', async () => {
  const cases = [
    [404, () => kit.read({ resourceType: 'Patient', id: 'none' })],
    [404, () => kit.create({ resourceType: 'NoSuchType', body: { resourceType: 'NoSuchType' } })],
    [400, () => kit.update({ resourceType: 'Patient', id: 'a', body: patient('A', { id: 'b' }) })],
    [400, () => kit.create({ resourceType: 'Patient', body: patient('A', { gender: 'unheard' }) })],
    [400, () => kit.search({ resourceType: 'Patient', searchParams: { birthdate: 'soon' } })],
    [
      400,
      () =>
        kit.search({
        resourceType: 'Patient',
        searchParams: { nonsense: '1' },
        options: { headers: { Prefer: 'handling=strict' } },
      }),
    ],
    [406, () => kit.request('Patient', { options: { headers: { Accept: 'text/turtle' } } })],
  ];
  for (const [expected, call] of cases) {
    const error = await refused(call());
    assert.equal(error.response.status, expected);
    assert.equal(error.response.data.resourceType, 'OperationOutcome');
    assert.equal(error.response.data.issue[0].severity, 'error');
  }
});

const smart = new FhirClient(baseUrl);

test('fhirclient: release, create, update, patch, delete', async () => {
  assert.equal(await smart.getFhirRelease(), 4);
  const made = await smart.create(patient('Smart'));
  assert.equal(made.meta.versionId, '1');
  const changed = await smart.update({ ...made, active: true });
  assert.equal(changed.meta.versionId, '2');
  const patched = await smart.patch(`Patient/${made.id}`, [
    { op: 'add', path: '/birthDate', value: '1960-06-01' },
  ]);
  assert.equal(patched.birthDate, '1960-06-01');
  await smart.delete(`Patient/${made.id}`);
  const gone = await refused(smart.fhirRequest(`Patient/${made.id}`));
  assert.equal(gone.status, 410);
});

test('fhirclient: pages and references are followed', async () => {
  const family = `Smart${process.pid}`;
  const made = await smart.create(patient(family));
  for (let i = 0; i < 5; i += 1) {
    await smart.create({
      resourceType: 'Observation',
      status: 'final',
      code: { text: `test ${i}` },
      subject: { reference: `Patient/${made.id}` },
    });
  }
  const bundle = await smart.fhirRequest(`Observation?subject=Patient/${made.id}&_count=2`);
  const codes = new Set();
  for await (const page of smart.pages(bundle)) {
    for (const entry of page.entry) codes.add(entry.resource.code.text);
  }
  assert.equal(codes.size, 5);
  let count = 0;
  for await (const resource of smart.resources(`Observation?subject=Patient/${made.id}&_count=2`)) {
    assert.equal(resource.resourceType, 'Observation');
    count += 1;
  }
  assert.equal(count, 5);
  const references = await smart.getReferences(bundle.entry[0].resource, ['subject']);
  assert.equal(references[`Patient/${made.id}`].name[0].family, family);
  const included = await smart.fhirRequest(
    `Observation?subject=Patient/${made.id}&_include=Observation:subject&_count=1`,
  );
  assert.deepEqual(
    included.entry.map((entry) => entry.search.mode),
    ['match', 'include'],
  );
});

test('fhirclient: errors carry their status and outcome', async () => {
  const missing = await refused(smart.fhirRequest('Patient/none'));
  assert.equal(missing.status, 404);
  assert.match(missing.message, /OperationOutcome/);
  const wrong = await refused(smart.create({ resourceType: 'Patient', gender: 'unheard' }));
  assert.equal(wrong.status, 400);
});

let failed = 0;
for (const { name, run } of tests) {
  try {
    await run();
    console.log(`ok      ${name}`);
  } catch (error) {
    failed += 1;
    console.log(`FAILED  ${name}\n        ${error.stack}`);
  }
}
console.log(`${tests.length} tests, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
