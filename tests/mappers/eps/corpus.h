#pragma once
/// The published pairs of the national API, FHIR in and HL7 v3 out, with what their manifests say.

#include <string>
#include <vector>

#include "mappers/core/mapper.h"

namespace concord::eps::test {

struct PublishedPair {
  std::string name;         ///< "convert/cancel/primary-acute-np-mp-cancellations-1"
  std::string operation;    ///< "cancel"
  std::string interaction;  ///< "PORX_IN030101SM32"
  std::string request;
  /// Without the line feed the file ends with. Where the manifest says that the item numbers are
  /// stale, those of the request stand here instead: everything else is as published.
  std::string expected;
  /// Clock and identities of the manifest; where the message gets new identities, those of the
  /// published answer, in the order the document has them.
  mappers::Parameters parameters;
};

/// All pairs of convert/ and convert-generated/, by name; none when the corpus is absent. Fails the
/// test on a manifest that cannot be read.
std::vector<PublishedPair> published_pairs();

}  // namespace concord::eps::test
