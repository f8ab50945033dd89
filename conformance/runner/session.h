#pragma once
/// What one run of a script knows: fixtures, requests and responses by id, variables. One thread.

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "conformance/runner/client.h"
#include "conformance/runner/exchange.h"
#include "conformance/runner/script.h"
#include "conformance/runner/settings.h"
#include "conformance/runner/standard.h"

namespace concord::runner {

/// Where a value is put in: how it is written there.
enum class Into { text, json, query };

class Session {
 public:
  Session(const Script& script, Standard& standard, const Settings& settings, Transport transport);

  // ---- exchanges -------------------------------------------------------------------------------

  /// Keeps an exchange; under its ids when they are given. It is the last one from now on.
  const Exchange& keep(Exchange exchange, const std::string& request_id,
                       const std::string& response_id);
  const std::vector<std::unique_ptr<Exchange>>& exchanges() const { return exchanges_; }
  const Exchange* last() const { return last_; }
  /// The exchange whose response (or request) has that id; the last one for an empty id.
  const Exchange* response(const std::string& id) const;
  const Exchange* request(const std::string& id) const;

  /// The resource of a response or request body, read once.
  /// Errors: not_found (no body), malformed or invalid (a body that is no resource).
  Result<const tree::Document*> body(const Exchange& exchange, bool of_request = false);

  // ---- fixtures --------------------------------------------------------------------------------

  const Fixture* fixture(std::string_view id) const;
  /// Its text with variables put in.
  /// Errors: not_found (no such fixture or file), forbidden (a URL, and none may be asked), those
  /// of substitute().
  Result<std::string> fixture_text(const Fixture& fixture);
  /// A fixture or the resource of a response, by id.
  /// Errors: not_found, those of body() and fixture_text().
  Result<const tree::Document*> source(const std::string& id);

  /// What the server made of a fixture: the id it gave. Empty: not known.
  std::string server_id(const std::string& fixture) const;
  void set_server_id(const std::string& fixture, std::string id) {
    server_ids_[fixture] = std::move(id);
  }

  // ---- variables -------------------------------------------------------------------------------

  /// Replaces `${name}` and the placeholders ${UUID}, ${C6}, ${D9}, ${CD14}, ${CURRENTDATE},
  /// ${CURRENTDATETIME}, ${DATE…}. With Into::query what stands behind a "?" is made fit for it.
  /// Errors: not_found (a variable without value, named in the error), those of its evaluation.
  Result<std::string> substitute(std::string_view text, Into into = Into::text);
  /// The value of a variable, evaluated now.
  Result<std::string> variable(const std::string& name);
  /// A value that goes before everything else: a parameter of a test.
  void bind(const std::string& name, std::string value) { bound_[name] = std::move(value); }
  void unbind(const std::string& name) { bound_.erase(name); }

  Standard& standard() { return standard_; }
  const Settings& settings() const { return settings_; }
  const Script& script() const { return script_; }

 private:
  Result<std::string> load_reference(const Fixture& fixture);
  Result<std::string> generated(const Fixture& fixture);
  Result<std::optional<std::string>> evaluated(const Variable& variable);
  std::optional<std::string> placeholder(const std::string& name);
  std::string random_text(std::string_view alphabet, std::size_t length);

  const Script& script_;
  Standard& standard_;
  const Settings& settings_;
  Transport transport_;
  std::vector<std::unique_ptr<Exchange>> exchanges_;
  const Exchange* last_ = nullptr;
  std::map<std::string, const Exchange*> responses_, requests_;
  std::map<std::pair<const Exchange*, bool>, tree::Document> bodies_;
  std::map<std::string, std::pair<std::string, tree::Document>> fixture_documents_;
  std::map<std::string, std::string> raw_fixtures_, server_ids_, bound_, placeholders_;
  std::set<std::string> evaluating_;
  std::string owner_;  ///< variable whose placeholders are asked for
  std::uint64_t random_;
};

}  // namespace concord::runner
