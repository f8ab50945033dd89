// Every message of the EPS corpus again and again: the same bytes, and no more memory than before.

#include <malloc.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <random>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/core/digest.h"
#include "fhir/core/instant.h"
#include "fhir/definitions/annotate.h"
#include "fhir/json/reader.h"
#include "fhir/json/writer.h"
#include "fhir/tree/builder.h"
#include "mappers/eps/eps.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
extern "C" std::size_t __sanitizer_get_current_allocated_bytes();
#endif

namespace concord {
namespace {

namespace fs = std::filesystem;

struct Case {
  std::string name;  ///< path below the corpus
  std::string bytes;
};

std::vector<Case> read_cases() {
  const char* given = std::getenv("CONCORD_CORPORA");
  const fs::path corpus =
      (given != nullptr ? fs::path(given) : fs::path(CONCORD_SOURCE_DIR) / "../shared/corpora") /
      "eps";
  std::vector<Case> cases;
  if (fs::is_directory(corpus)) {
    for (const auto& entry : fs::recursive_directory_iterator(corpus)) {
      const fs::path& path = entry.path();
      const bool message = path.extension() == ".json" || path.extension() == ".xml";
      if (!message || path.filename() == "manifest.json" ||
          fs::relative(path, corpus).begin()->string() == "reference") {
        continue;
      }
      std::ifstream in(path, std::ios::binary);
      std::ostringstream text;
      text << in.rdbuf();
      cases.push_back({fs::relative(path, corpus).string(), std::move(text).str()});
    }
  } else {
    std::fprintf(stderr, "*** CORPUS ABSENT: %s; only the example order is translated ***\n",
                 corpus.c_str());
    cases.push_back({"example.json", std::string(eps::example_prescription_order())});
  }
  std::sort(cases.begin(), cases.end(),
            [](const Case& a, const Case& b) { return a.name < b.name; });
  return cases;
}

template <typename T>
T must(Result<T> result) {
  if (!result) {
    std::fprintf(stderr, "%s\n", to_string(result.error()).c_str());
    std::exit(2);
  }
  return *std::move(result);
}

class Soak {
 public:
  Soak() {
    parameters_.now = must(parse_instant("2026-03-02T10:15:00Z"));
    parameters_.values = {{"from_asid", "200000001285"},
                          {"to_asid", "567456789789"},
                          {"user_id", "555254239107"},
                          {"role_id", "555254240100"}};
  }

  /// Everything the mapper makes of a file, as lines "digest direction".
  std::vector<std::string> answers(const Case& one) const {
    std::vector<std::string> lines;
    const bool json = one.name.ends_with(".json");
    if (json) {
      auto document = json::read(one.bytes, symbols_);
      if (document && mapper_->recognises(*document)) {
        tree::Builder builder(*document);
        definitions::annotate(builder, definitions_);
        auto encoded = mapper_->encode(*document, parameters_, nullptr);
        lines.push_back(line("encode", encoded ? encoded->bytes + losses(encoded->losses)
                                               : to_string(encoded.error())));
        if (mapper_->signatures() != nullptr) {
          lines.push_back(
              decoded("prepare", mapper_->signatures()->prepare(*document, parameters_)));
        }
      }
    }
    auto read = mapper_->decode(one.bytes, json ? "application/json" : "application/xml",
                                parameters_, nullptr);
    lines.push_back(decoded("decode", std::move(read)));
    return lines;
  }

 private:
  static std::string line(std::string_view direction, const std::string& bytes) {
    const Sha256 digest = sha256(bytes);
    return to_hex(digest) + " " + std::string(direction);
  }
  static std::string losses(const std::vector<Issue>& issues) {
    std::string text;
    for (const Issue& issue : issues) text += '\n' + issue.expression + ' ' + issue.text;
    return text;
  }
  static std::string decoded(std::string_view direction, Result<mappers::Decoded> read) {
    if (!read) return line(direction, to_string(read.error()));
    const tree::Document& resource = *read->resource;
    auto written = json::write(resource);
    return line(direction,
                (written ? *written : to_string(written.error())) + losses(read->losses));
  }

  tree::Symbols symbols_;
  definitions::Definitions definitions_ = must(definitions::Definitions::r4(symbols_));
  std::unique_ptr<mappers::Mapper> mapper_ = must(eps::make_mapper(definitions_));
  mappers::Parameters parameters_;
};

int digests(const Soak& soak, std::vector<Case> cases, std::string_view order) {
  if (order == "backward") std::reverse(cases.begin(), cases.end());
  if (order == "shuffled") std::shuffle(cases.begin(), cases.end(), std::mt19937(2026));
  std::vector<std::string> lines;
  for (const Case& one : cases) {
    for (const std::string& answer : soak.answers(one)) lines.push_back(one.name + " " + answer);
  }
  std::sort(lines.begin(), lines.end());
  for (const std::string& line : lines) std::printf("%s\n", line.c_str());
  return lines.empty() ? 1 : 0;
}

/// Bytes of the heap in use.
std::size_t held() {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  return __sanitizer_get_current_allocated_bytes();
#else
  const struct mallinfo2 info = mallinfo2();
  return info.uordblks + info.hblkhd;
#endif
}

/// Resident memory of the process in KiB.
std::size_t resident() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmRSS:")) {
      std::istringstream fields(line.substr(6));
      std::size_t kib = 0;
      fields >> kib;
      return kib;
    }
  }
  return 0;
}

int memory(const Soak& soak, const std::vector<Case>& cases, std::size_t wanted) {
  std::size_t done = 0;
  std::size_t at_first = 0;
  std::size_t next_report = 0;
  // The first tenth fills caches and the allocator's lists.
  for (int round = 0; done < wanted || round < 4; ++round) {
    for (const Case& one : cases) done += soak.answers(one).size();
    const std::size_t now = held();
    if (round < 1) continue;
    if (at_first == 0 || done < wanted / 10) at_first = now;
    if (done >= next_report) {
      std::printf("%9zu translations: %zu bytes held, %zu KiB resident\n", done, now, resident());
      std::fflush(stdout);
      next_report = done + wanted / 10;
    }
    constexpr std::size_t kSlack = 16 * 1024;  // a byte kept for each message would soon be more
    if (now > at_first + kSlack) {
      std::fprintf(stderr, "after %zu translations %zu bytes are held, at first %zu\n", done, now,
                   at_first);
      return 1;
    }
  }
  std::printf("%9zu translations: %zu bytes held, %zu KiB resident\n", done, held(), resident());
  return 0;
}

}  // namespace
}  // namespace concord

int main(int argc, char** argv) {
  const std::string_view mode = argc > 1 ? argv[1] : "";
  const std::string_view value = argc > 2 ? argv[2] : "";
  std::size_t translations = 1000;
  if (mode == "memory" && !value.empty()) {
    std::from_chars(value.data(), value.data() + value.size(), translations);
  }
  if (mode != "digests" && mode != "memory") {
    std::fprintf(stderr, "usage: eps-soak digests [forward|backward|shuffled] | memory [count]\n");
    return 2;
  }
  const concord::Soak soak;
  auto cases = concord::read_cases();
  return mode == "digests" ? concord::digests(soak, std::move(cases), value)
                           : concord::memory(soak, cases, translations);
}
