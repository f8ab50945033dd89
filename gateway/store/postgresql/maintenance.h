#pragma once
/// What an operator does to a store in a database: looking at its schema, checking it, holding it
/// back after a restore. Copies are PostgreSQL's own. Blocking calls for command lines; they need
/// only `connection` and `schema` of the options.

#include <memory>
#include <string>
#include <vector>

#include "fhir/core/instant.h"
#include "fhir/core/result.h"
#include "gateway/store/inspection.h"
#include "gateway/store/migrations.h"
#include "gateway/store/postgresql/postgresql_store.h"

namespace concord::store::postgresql {

/// Changes nothing. Errors: conflict (a newer schema, or other migrations), invalid (the connection
/// string), transient.
Result<SchemaState> schema_state(const Options& options);

/// References between rows, stored bytes, sums and index rows, as of one moment; pages and indexes
/// are looked over by pg_amcheck.
/// Errors: not_found (no store), conflict (another schema than the program's), invalid, transient.
Result<std::unique_ptr<Inspection>> inspect(const Options& options);

/// From now on nothing goes out, at no gateway of this database, until end_quarantine(): what the
/// outbox of a restored database holds may have been delivered after the copy was made. True when
/// there was none before. Source: security-nhs.md BKP-02.
/// Errors: as inspect().
Result<bool> begin_quarantine(const Options& options, Instant now);

/// Deliveries begin again, at once. True when there was a quarantine. Errors: as inspect().
Result<bool> end_quarantine(const Options& options, Instant now);

}  // namespace concord::store::postgresql
