// HAPI FHIR's generic client, as published on Maven Central, against the gateway at the address
// given: what its users do. Prints one line for each test; ends with 1 when one failed.
import ca.uhn.fhir.context.FhirContext;
import ca.uhn.fhir.rest.api.EncodingEnum;
import ca.uhn.fhir.rest.api.MethodOutcome;
import ca.uhn.fhir.rest.api.PreferReturnEnum;
import ca.uhn.fhir.rest.api.SearchStyleEnum;
import ca.uhn.fhir.rest.api.SearchTotalModeEnum;
import ca.uhn.fhir.rest.api.SummaryEnum;
import ca.uhn.fhir.rest.client.api.IGenericClient;
import ca.uhn.fhir.rest.server.exceptions.BaseServerResponseException;
import ca.uhn.fhir.rest.server.exceptions.PreconditionFailedException;
import ca.uhn.fhir.rest.server.exceptions.ResourceGoneException;
import ca.uhn.fhir.rest.server.exceptions.ResourceNotFoundException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.hl7.fhir.r4.model.Bundle;
import org.hl7.fhir.r4.model.CapabilityStatement;
import org.hl7.fhir.r4.model.CodeType;
import org.hl7.fhir.r4.model.Enumerations.AdministrativeGender;
import org.hl7.fhir.r4.model.IdType;
import org.hl7.fhir.r4.model.Observation;
import org.hl7.fhir.r4.model.OperationOutcome;
import org.hl7.fhir.r4.model.Parameters;
import org.hl7.fhir.r4.model.Patient;
import org.hl7.fhir.r4.model.Quantity;
import org.hl7.fhir.r4.model.Reference;
import org.hl7.fhir.r4.model.StringType;

public class HapiClients {
  interface Test {
    void run() throws Exception;
  }

  static int count = 0;
  static int failed = 0;
  static IGenericClient client;
  static final String OWN = "h" + ProcessHandle.current().pid();
  static final String SYSTEM = "https://clients.example/id";

  static void test(String name, Test test) {
    count += 1;
    try {
      test.run();
      System.out.println("ok      HAPI FHIR: " + name);
    } catch (Throwable error) {
      failed += 1;
      System.out.println("FAILED  HAPI FHIR: " + name);
      error.printStackTrace(System.out);
    }
  }

  static void same(Object expected, Object actual) {
    if (!expected.equals(actual)) {
      throw new AssertionError("expected " + expected + ", got " + actual);
    }
  }

  static void yes(boolean holds, String what) {
    if (!holds) throw new AssertionError(what);
  }

  /** The error a call ends with. */
  static <E extends BaseServerResponseException> E refused(Class<E> type, Test call) {
    try {
      call.run();
    } catch (Throwable error) {
      if (type.isInstance(error)) return type.cast(error);
      throw new AssertionError("another error: " + error, error);
    }
    throw new AssertionError("the call was not refused");
  }

  static Patient patient(String family) {
    Patient patient = new Patient();
    patient.addName().setFamily(family).addGiven("Test");
    return patient;
  }

  static Observation weight(String subject, String text) {
    Observation made = new Observation();
    made.setStatus(Observation.ObservationStatus.FINAL);
    made.getCode().setText(text);
    made.setSubject(new Reference(subject));
    made.setValue(new Quantity().setValue(70.5).setUnit("kg"));
    return made;
  }

  static List<String> birthDates(Bundle page) {
    return page.getEntry().stream()
        .map(entry -> ((Patient) entry.getResource()).getBirthDateElement().getValueAsString())
        .collect(Collectors.toList());
  }

  public static void main(String[] arguments) {
    if (arguments.length != 1) {
      System.err.println("usage: java HapiClients.java BASE_URL");
      System.exit(2);
    }
    FhirContext context = FhirContext.forR4();
    context.getRestfulClientFactory().setSocketTimeout(30_000);
    client = context.newRestfulGenericClient(arguments[0]);

    test("the CapabilityStatement is read as one of R4", () -> {
      CapabilityStatement statement =
          client.capabilities().ofType(CapabilityStatement.class).execute();
      same("4.0.1", statement.getFhirVersion().toCode());
      yes(statement.getRestFirstRep().getResource().stream()
              .anyMatch(resource -> resource.getType().equals("Patient")), "Patient is served");
    });

    test("create, read, update, patch, history, delete", HapiClients::life);
    test("search by pages, forward and back, by GET and POST", HapiClients::pages);
    test("search by chain, includes, elements, summary", HapiClients::joins);
    test("conditional create, update, patch, delete", HapiClients::conditional);
    test("a transaction is whole or nothing", HapiClients::transaction);
    test("errors are exceptions with status and OperationOutcome", HapiClients::errors);
    test("the same in XML", () -> {
      client.setEncoding(EncodingEnum.XML);
      try {
        MethodOutcome made = client.create().resource(patient(OWN + "Xml")).execute();
        Patient read = client.read().resource(Patient.class).withId(made.getId()).execute();
        same(OWN + "Xml", read.getNameFirstRep().getFamily());
        Bundle found = client.search().forResource(Patient.class)
            .where(Patient.FAMILY.matches().value(OWN + "Xml")).returnBundle(Bundle.class).execute();
        same(1, found.getTotal());
        client.delete().resourceById(made.getId().toUnqualifiedVersionless()).execute();
      } finally {
        client.setEncoding(EncodingEnum.JSON);
      }
    });

    System.out.println(count + " tests, " + failed + " failed");
    System.exit(failed == 0 ? 0 : 1);
  }

  static void life() {
    MethodOutcome made = client.create().resource(patient(OWN))
        .prefer(PreferReturnEnum.REPRESENTATION).execute();
    same(true, made.getCreated());
    same("1", made.getId().getVersionIdPart());
    IdType id = (IdType) made.getId().toUnqualifiedVersionless();
    Patient read = client.read().resource(Patient.class).withId(id).execute();
    same(OWN, read.getNameFirstRep().getFamily());
    yes(client.read().resource(Patient.class).withId(id).ifVersionMatches("1").returnNull().execute()
            == null, "304 for the version the client has");

    // The client asks for the version it read (If-Match) by itself.
    Patient stale = read.copy();
    read.setGender(AdministrativeGender.FEMALE);
    MethodOutcome changed = client.update().resource(read).execute();
    same("2", changed.getId().getVersionIdPart());
    stale.setActive(false);
    refused(PreconditionFailedException.class, () -> client.update().resource(stale).execute());

    Parameters patch = new Parameters();
    Parameters.ParametersParameterComponent operation = patch.addParameter().setName("operation");
    operation.addPart().setName("type").setValue(new CodeType("replace"));
    operation.addPart().setName("path").setValue(new StringType("Patient.gender"));
    operation.addPart().setName("value").setValue(new CodeType("other"));
    client.patch().withFhirPatch(patch).withId(id).execute();
    client.patch().withBody("[{\"op\":\"add\",\"path\":\"/active\",\"value\":true}]").withId(id)
        .execute();
    Patient patched = client.read().resource(Patient.class).withId(id).execute();
    same(AdministrativeGender.OTHER, patched.getGender());
    same(true, patched.getActive());
    same("4", patched.getMeta().getVersionId());
    Patient first = client.read().resource(Patient.class).withId(id.withVersion("1")).execute();
    yes(!first.hasGender(), "the first version is as it was");

    Bundle history = client.history().onInstance(id).returnBundle(Bundle.class).count(3).execute();
    same(Bundle.BundleType.HISTORY, history.getType());
    List<String> methods = new ArrayList<>();
    for (Bundle page = history; page != null;
         page = page.getLink("next") == null ? null : client.loadPage().next(page).execute()) {
      page.getEntry().forEach(entry -> methods.add(entry.getRequest().getMethod().toCode()));
    }
    same(List.of("PATCH", "PATCH", "PUT", "POST"), methods);

    client.delete().resourceById(id).execute();
    ResourceGoneException gone = refused(ResourceGoneException.class,
        () -> client.read().resource(Patient.class).withId(id).execute());
    yes(gone.getOperationOutcome() instanceof OperationOutcome, "an outcome says so");
  }

  static void pages() {
    String family = OWN + "Pages";
    for (int i = 0; i < 7; i += 1) {
      Patient one = patient(family);
      one.getBirthDateElement().setValueAsString("195" + i + "-01-01");
      client.create().resource(one).execute();
    }
    Bundle first = client.search().forResource(Patient.class)
        .where(Patient.FAMILY.matches().value(family)).sort().ascending(Patient.BIRTHDATE).count(3)
        .totalMode(SearchTotalModeEnum.ACCURATE).returnBundle(Bundle.class).execute();
    same(7, first.getTotal());
    List<String> seen = new ArrayList<>();
    Bundle last = first;
    for (Bundle page = first; page != null;
         page = page.getLink("next") == null ? null : client.loadPage().next(page).execute()) {
      seen.addAll(birthDates(page));
      last = page;
    }
    same(7, seen.size());
    same(seen.stream().sorted().collect(Collectors.toList()), seen);
    same(List.of("1953-01-01", "1954-01-01", "1955-01-01"),
        birthDates(client.loadPage().previous(last).execute()));
    Bundle posted = client.search().forResource(Patient.class)
        .where(Patient.FAMILY.matchesExactly().value(family)).usingStyle(SearchStyleEnum.POST)
        .sort().descending(Patient.BIRTHDATE).count(2).returnBundle(Bundle.class).execute();
    same(List.of("1956-01-01", "1955-01-01"), birthDates(posted));
    Bundle between = client.search().forResource(Patient.class)
        .where(Patient.FAMILY.matches().value(family))
        .and(Patient.BIRTHDATE.afterOrEquals().day("1952-01-01"))
        .and(Patient.BIRTHDATE.before().day("1954-01-01")).returnBundle(Bundle.class).execute();
    same(2, between.getTotal());
  }

  static void joins() {
    String family = OWN + "Joins";
    String who = client.create().resource(patient(family)).execute().getId()
        .toUnqualifiedVersionless().getValue();
    client.create().resource(weight(who, "first")).execute();
    client.create().resource(weight(who, "second")).execute();
    Bundle chained = client.search().forResource(Observation.class)
        .where(Observation.SUBJECT.hasChainedProperty("Patient", Patient.FAMILY.matches().value(family)))
        .include(Observation.INCLUDE_SUBJECT).returnBundle(Bundle.class).execute();
    same(2, chained.getTotal());
    same(1L, chained.getEntry().stream()
        .filter(entry -> entry.getSearch().getMode() == Bundle.SearchEntryMode.INCLUDE).count());
    Bundle reverse = client.search().forResource(Patient.class)
        .where(Patient.FAMILY.matches().value(family)).revInclude(Observation.INCLUDE_SUBJECT)
        .returnBundle(Bundle.class).execute();
    same(3, reverse.getEntry().size());
    Bundle cut = client.search().forResource(Observation.class)
        .where(Observation.SUBJECT.hasId(who)).elementsSubset("status").returnBundle(Bundle.class)
        .execute();
    Observation subset = (Observation) cut.getEntryFirstRep().getResource();
    yes(subset.hasStatus() && !subset.hasValue(), "only what was asked for");
    Bundle counted = client.search().forResource(Observation.class)
        .where(Observation.SUBJECT.hasId(who)).summaryMode(SummaryEnum.COUNT)
        .returnBundle(Bundle.class).execute();
    same(2, counted.getTotal());
    same(0, counted.getEntry().size());
    Parameters nothing = new Parameters();
    Bundle everything = client.operation().onInstance(new IdType(who)).named("$everything")
        .withParameters(nothing).useHttpGet().returnResourceType(Bundle.class).execute();
    same(3, everything.getEntry().size());
  }

  static void conditional() {
    String value = OWN + "c";
    Patient body = patient("Conditional");
    body.addIdentifier().setSystem(SYSTEM).setValue(value);
    MethodOutcome made = client.create().resource(body).conditional()
        .where(Patient.IDENTIFIER.exactly().systemAndIdentifier(SYSTEM, value)).execute();
    same(true, made.getCreated());
    MethodOutcome found = client.create().resource(body).conditional()
        .where(Patient.IDENTIFIER.exactly().systemAndIdentifier(SYSTEM, value)).execute();
    same(made.getId().getIdPart(), found.getId().getIdPart());
    yes(!Boolean.TRUE.equals(found.getCreated()), "nothing new was made");
    body.setActive(true);
    MethodOutcome updated = client.update().resource(body).conditional()
        .where(Patient.IDENTIFIER.exactly().systemAndIdentifier(SYSTEM, value)).execute();
    same(made.getId().getIdPart(), updated.getId().getIdPart());
    same("2", updated.getId().getVersionIdPart());
    client.patch().withBody("[{\"op\":\"replace\",\"path\":\"/active\",\"value\":false}]")
        .conditional(Patient.class)
        .where(Patient.IDENTIFIER.exactly().systemAndIdentifier(SYSTEM, value)).execute();
    client.delete().resourceConditionalByType(Patient.class)
        .where(Patient.IDENTIFIER.exactly().systemAndIdentifier(SYSTEM, value)).execute();
    refused(ResourceGoneException.class, () -> client.read().resource(Patient.class)
        .withId(made.getId().toUnqualifiedVersionless()).execute());
  }

  static Bundle twoOf(String family) {
    Bundle bundle = new Bundle();
    bundle.setType(Bundle.BundleType.TRANSACTION);
    String urn = "urn:uuid:4a1d2c3b-0d1e-4f5a-8b6c-7d8e9f0a1b2c";
    bundle.addEntry().setFullUrl(urn).setResource(patient(family)).getRequest()
        .setMethod(Bundle.HTTPVerb.POST).setUrl("Patient");
    bundle.addEntry().setResource(weight(urn, "weight")).getRequest()
        .setMethod(Bundle.HTTPVerb.POST).setUrl("Observation");
    return bundle;
  }

  static void transaction() {
    Bundle done = client.transaction().withBundle(twoOf(OWN + "Transaction")).execute();
    same(Bundle.BundleType.TRANSACTIONRESPONSE, done.getType());
    same(2, done.getEntry().size());
    String who = new IdType(done.getEntry().get(0).getResponse().getLocation()).getIdPart();
    IdType what = new IdType(done.getEntry().get(1).getResponse().getLocation());
    Observation weight = client.read().resource(Observation.class).withId(what.getIdPart()).execute();
    same("Patient/" + who, weight.getSubject().getReference());

    Bundle broken = twoOf(OWN + "Never");
    ((Observation) broken.getEntry().get(1).getResource()).setStatus(null);
    BaseServerResponseException error = refused(BaseServerResponseException.class,
        () -> client.transaction().withBundle(broken).execute());
    OperationOutcome outcome = (OperationOutcome) error.getOperationOutcome();
    yes(outcome.getIssue().stream().flatMap(issue -> issue.getExpression().stream())
            .anyMatch(at -> at.getValue().startsWith("Bundle.entry[1]")), "the entry is named");
    same(0, client.search().forResource(Patient.class)
        .where(Patient.FAMILY.matches().value(OWN + "Never")).returnBundle(Bundle.class).execute()
        .getTotal());
  }

  static void errors() {
    ResourceNotFoundException none = refused(ResourceNotFoundException.class,
        () -> client.read().resource(Patient.class).withId("none").execute());
    yes(none.getOperationOutcome() instanceof OperationOutcome, "an outcome says so");
    BaseServerResponseException bad = refused(BaseServerResponseException.class,
        () -> client.search().byUrl("Patient?birthdate=soon").returnBundle(Bundle.class).execute());
    same(400, bad.getStatusCode());
    BaseServerResponseException wrong = refused(BaseServerResponseException.class,
        () -> client.create().resource(new Observation()).execute());
    same(400, wrong.getStatusCode());
    OperationOutcome outcome = (OperationOutcome) wrong.getOperationOutcome();
    same(OperationOutcome.IssueSeverity.ERROR, outcome.getIssueFirstRep().getSeverity());
    MethodOutcome checked = client.validate().resource(patient("Sound")).execute();
    yes(checked.getOperationOutcome() instanceof OperationOutcome, "$validate answers");
  }
}
