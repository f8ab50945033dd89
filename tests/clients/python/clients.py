"""fhirpy, as published on PyPI, against the gateway at the address given: what its users do.

Prints one line for each test; ends with 1 when one failed.
"""

import asyncio
import os
import sys
import traceback

from fhirpy import AsyncFHIRClient, SyncFHIRClient
from fhirpy.base.exceptions import MultipleResourcesFound, OperationOutcome, ResourceNotFound

BASE_URL = sys.argv[1]
OWN = f"p{os.getpid()}"
SYSTEM = "https://clients.example/id"

client = SyncFHIRClient(BASE_URL)
tests = []


def test(name):
    def add(run):
        tests.append((name, run))
        return run

    return add


def refused(kind, call):
    """The error a call ends with."""
    try:
        call()
    except kind as error:
        return error
    raise AssertionError("the call was not refused")


def patient(family, **more):
    return client.resource("Patient", name=[{"family": family, "given": ["Test"]}], **more)


@test("create, read, update, delete, history")
def life():
    made = patient(OWN)
    made.save()
    assert made["meta"]["versionId"] == "1"
    made["gender"] = "female"
    made.save()
    assert made["meta"]["versionId"] == "2"
    read = client.reference("Patient", made.id).to_resource()
    assert read["gender"] == "female"
    first = client.execute(f"Patient/{made.id}/_history/1", method="get")
    assert "gender" not in first
    made.delete()
    gone = refused((ResourceNotFound, OperationOutcome), read.refresh)
    assert gone is not None
    history = client.execute(f"Patient/{made.id}/_history", method="get")
    assert [entry["request"]["method"] for entry in history["entry"]] == ["DELETE", "PUT", "POST"]


@test("search by pages, sorted, counted, one")
def pages():
    family = OWN + "Pages"
    for i in range(7):
        patient(family, birthDate=f"195{i}-01-01").save()
    found = client.resources("Patient").search(family=family)
    assert found.count() == 7
    days = [one["birthDate"] for one in found.sort("birthdate").limit(3)]
    assert days == [f"195{i}-01-01" for i in range(7)]
    assert len(found.sort("-birthdate").limit(3).fetch()) == 3
    assert found.sort("-birthdate").first()["birthDate"] == "1956-01-01"
    assert found.search(birthdate="1953-01-01").get()["birthDate"] == "1953-01-01"
    refused(MultipleResourcesFound, found.get)
    refused(ResourceNotFound, found.search(birthdate="2001-01-01").get)
    between = found.search(birthdate__ge="1952-01-01", birthdate__lt="1954-01-01")
    assert len(between.fetch_all()) == 2


@test("chains, _has, includes, elements")
def joins():
    family = OWN + "Joins"
    who = patient(family)
    who.save()
    for text in ("first", "second"):
        client.resource(
            "Observation", status="final", code={"text": text}, subject=who.to_reference()
        ).save()
    readings = client.resources("Observation")
    assert len(readings.search(subject__Patient__family=family).fetch_all()) == 2
    assert len(readings.search(subject=who.to_reference()).fetch_all()) == 2
    having = client.resources("Patient").has(
        "Observation", "subject", status="final"
    ).search(family=family)
    assert having.get().id == who.id
    raw = readings.search(subject=who.to_reference()).include("Observation", "subject").fetch_raw()
    assert [entry["search"]["mode"] for entry in raw["entry"]] == ["match", "match", "include"]
    cut = readings.search(subject=who.to_reference()).elements("status").fetch()
    assert all("status" in one and "subject" not in one for one in cut)
    everything = client.execute(f"Patient/{who.id}/$everything", method="get")
    assert len(everything["entry"]) == 3


@test("conditional create, update, delete")
def conditional():
    value = OWN + "c"
    identifier = [{"system": SYSTEM, "value": value}]
    asked = client.resources("Patient").search(identifier=f"{SYSTEM}|{value}")
    one, made = asked.update(patient("Conditional", identifier=identifier))
    assert made
    same, made = asked.update(patient("Conditional", identifier=identifier, active=True))
    assert not made and same.id == one.id and same["meta"]["versionId"] == "2"
    # fhirpy itself asks in the address; R4 asks in a field.
    careful = SyncFHIRClient(
        BASE_URL, extra_headers={"If-None-Exist": f"identifier={SYSTEM}|{value}"}
    )
    found = careful.execute("Patient", data=patient("Other", identifier=identifier).serialize())
    assert found["id"] == one.id
    asked.delete()
    assert asked.count() == 0


@test("a transaction is whole or nothing")
def transaction():
    urn = "urn:uuid:4a1d2c3b-0d1e-4f5a-8b6c-7d8e9f0a1b2c"

    def two(family, status):
        return client.resource(
            "Bundle",
            type="transaction",
            entry=[
                {
                    "fullUrl": urn,
                    "resource": {"resourceType": "Patient", "name": [{"family": family}]},
                    "request": {"method": "POST", "url": "Patient"},
                },
                {
                    "resource": {
                        "resourceType": "Observation",
                        "status": status,
                        "code": {"text": "weight"},
                        "subject": {"reference": urn},
                    },
                    "request": {"method": "POST", "url": "Observation"},
                },
            ],
        ).serialize()

    done = client.execute("", data=two(OWN + "Transaction", "final"))
    assert done["type"] == "transaction-response"
    who, what = (entry["response"]["location"] for entry in done["entry"])
    what = what.split("Observation/")[1].split("/")[0]
    subject = client.reference("Observation", what).to_resource()["subject"]["reference"]
    assert subject in who

    error = refused(
        OperationOutcome, lambda: client.execute("", data=two(OWN + "Never", "no such status"))
    )
    assert "Bundle.entry[1]" in str(error.resource)
    assert client.resources("Patient").search(family=OWN + "Never").count() == 0


@test("errors are exceptions with the OperationOutcome")
def errors():
    refused(ResourceNotFound, client.reference("Patient", "none").to_resource)
    wrong = refused(OperationOutcome, lambda: patient("A", gender="unheard").save())
    assert wrong.resource["issue"][0]["expression"] == ["Patient.gender"]
    badly = refused(
        OperationOutcome, lambda: client.resources("Patient").search(birthdate="soon").fetch()
    )
    assert badly.resource["issue"][0]["severity"] == "error"
    sound = patient(OWN + "Patch")
    sound.save()
    # A body of elements is no patch of R4.
    refused(OperationOutcome, lambda: sound.patch(gender="other"))
    assert patient("Sound").is_valid()


@test("the asynchronous client pages too")
def asynchronous():
    async def ages():
        other = AsyncFHIRClient(BASE_URL)
        found = other.resources("Patient").search(family=OWN + "Pages").sort("birthdate").limit(2)
        return [one["birthDate"] async for one in found]

    assert asyncio.run(ages()) == [f"195{i}-01-01" for i in range(7)]


failed = 0
for name, run in tests:
    try:
        run()
        print(f"ok      fhirpy: {name}")
    except Exception:
        failed += 1
        print(f"FAILED  fhirpy: {name}\n{traceback.format_exc()}")
print(f"{len(tests)} tests, {failed} failed")
sys.exit(1 if failed else 0)
