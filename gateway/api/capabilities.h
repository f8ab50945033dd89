#pragma once
/// The CapabilityStatement: what is served, said by what serves it. Safe from any thread.
/// Source: hl7.org/fhir/R4/capabilitystatement.html.

#include <memory>
#include <string>
#include <string_view>

#include "fhir/core/result.h"
#include "gateway/api/endpoint.h"
#include "gateway/api/services.h"

namespace concord::api {

/// Made at first use from the table of endpoints and the search parameters, then kept.
class Capabilities {
 public:
  /// Both must outlive it.
  Capabilities(const Services& use, const EndpointTable& endpoints);
  ~Capabilities();
  Capabilities(const Capabilities&) = delete;
  Capabilities& operator=(const Capabilities&) = delete;

  struct Text {
    std::string body;
    std::string etag;  ///< of this text: "W/\"3f9a…\""
  };
  /// In one of four layouts. `base_url` of the answer is that of the configuration.
  /// Errors: those of the writers.
  Result<const Text*> text(const Answering& answering) const;

 private:
  struct Kept;
  std::unique_ptr<Kept> kept_;
};

}  // namespace concord::api
