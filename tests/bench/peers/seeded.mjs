// One mistake each, made in a copy of the order. What a validator says of them tells what it checks.
const first = (bundle, type) => bundle.entry.find(entry => entry.resource.resourceType === type).resource;

export const seeded = [
  ['unknown element', bundle => { first(bundle, 'Patient').colour = 'green'; }],
  ['required element missing', bundle => { delete first(bundle, 'MedicationRequest').intent; }],
  ['a list where one may be', bundle => { first(bundle, 'Patient').gender = ['male', 'female']; }],
  ['one where a list must be', bundle => { first(bundle, 'Patient').name = first(bundle, 'Patient').name[0]; }],
  ['text for a number', bundle => { first(bundle, 'MedicationRequest').dispenseRequest.quantity.value = 'many'; }],
  ['no such date', bundle => { first(bundle, 'Patient').birthDate = '2021-02-30'; }],
  ['malformed id', bundle => { first(bundle, 'Patient').id = 'not an id!'; }],
  ['code outside a required value set', bundle => { first(bundle, 'MedicationRequest').status = 'activ'; }],
  ['both of a choice', bundle => {
    first(bundle, 'MedicationRequest').medicationReference = { reference: 'urn:uuid:x' };
  }],
  ['invariant of a type (per-1)', bundle => {
    first(bundle, 'MedicationRequest').dispenseRequest.validityPeriod = { start: '2021-06-01', end: '2021-05-01' };
  }],
  ['invariant of a resource (pat-1)', bundle => { first(bundle, 'Patient').contact = [{ gender: 'male' }]; }],
  ['invariant of Bundle (bdl-7)', bundle => { bundle.entry.push(structuredClone(bundle.entry[1])); }],
  ['extension with value and extensions (ext-1)', bundle => {
    first(bundle, 'MedicationRequest').extension[0].extension = [{ url: 'https://example.org/x', valueCode: 'a' }];
  }],
  ['reference to another type', bundle => {
    const practitioner = bundle.entry.find(entry => entry.resource.resourceType === 'Practitioner');
    first(bundle, 'MedicationRequest').subject.reference = practitioner.fullUrl;
  }],
  ['contained and not referred to (dom-3)', bundle => {
    first(bundle, 'Patient').contained = [{ resourceType: 'Organization', id: 'o', name: 'N' }];
  }],
  ['script in the narrative', bundle => {
    first(bundle, 'Patient').text = {
      status: 'generated',
      div: '<div xmlns="http://www.w3.org/1999/xhtml"><p onclick="x()">a</p></div>',
    };
  }],
];
