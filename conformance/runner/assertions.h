#pragma once
/// The assertions of a TestScript. One thread.

#include "conformance/runner/results.h"
#include "conformance/runner/session.h"

namespace concord::runner {

/// Evaluates one assertion on what the session holds: pass, fail, warning (a failure with
/// warningOnly), skip (not for this response, a rule of another engine), or error (it cannot be
/// evaluated: an id nobody knows, an expression that cannot be read, a variable without value).
/// A response that was never received fails every assertion about it.
ActionResult evaluate(const Assertion& assertion, Session& session);

/// Whether everything of `minimum` is in `actual`: each child somewhere among those of its name,
/// no two in one. On false `missing` is the path of the first that is not.
bool contains(const tree::Document& minimum, const tree::Document& actual, std::string& missing);

}  // namespace concord::runner
