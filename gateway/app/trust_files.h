#pragma once
/// The files signatures are trusted by, read from disk and kept up to date.

#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "fhir/core/result.h"
#include "gateway/app/config.h"
#include "mappers/eps/signing/trust.h"

namespace concord::app {

/// Where a TrustPolicy's bytes come from. Each path is a file, or a folder of which every file
/// named *.pem, *.crt, *.cer, *.der or *.crl is read, in order of name.
struct TrustPaths {
  std::vector<std::string> anchors;
  std::vector<std::string> authorities;
  std::vector<std::string> revocation_lists;
  eps::TrustPolicy rules;  ///< everything but the files
};

/// Those of the configuration.
TrustPaths trust_paths(const Config::Eps::Trust& config);

/// Reads and compiles them.
/// Errors: not_found (a path that cannot be read), and those of TrustStore::compile().
Result<std::shared_ptr<const eps::TrustStore>> load_trust(const TrustPaths& paths);

/// The trust store of a running gateway. Safe from any thread.
class TrustKeeper {
 public:
  /// Errors: as load_trust().
  static Result<std::unique_ptr<TrustKeeper>> load(TrustPaths paths);

  std::shared_ptr<const eps::TrustStore> current() const;

  /// Reads everything again. On an error the store in use stays.
  /// Errors: as load_trust().
  Result<void> reload();

  /// reload(), but only when a file came, went or changed since the last reading. True when there
  /// is a new store.
  Result<bool> refresh();

 private:
  explicit TrustKeeper(TrustPaths paths) : paths_(std::move(paths)) {}

  const TrustPaths paths_;
  std::mutex reading_;  ///< one reading at a time; guards stamp_
  std::string stamp_;
  mutable std::mutex guard_;  ///< of store_
  std::shared_ptr<const eps::TrustStore> store_;
};

}  // namespace concord::app
